//! Values that have names: the same in flags, environment variables and the configuration.

/// A choice among a few values.
pub trait Choice: Copy + 'static {
    /// Name, what it stands for, value; the default first.
    const CHOICES: &'static [(&'static str, &'static str, Self)];

    /// The value of that name, in upper or lower case.
    fn of_name(name: &str) -> Option<Self> {
        let found = Self::CHOICES.iter().find(|(known, _, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, _, value)| *value)
    }
}

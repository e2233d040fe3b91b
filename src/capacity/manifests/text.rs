//! Figures and texts as manifests have them.

use serde_json::Value;

use super::Size;
use crate::capacity::GIB;

const MIB: f64 = (1_u64 << 20) as f64;

/// The head of a file: what it is and how it was made.
pub(super) fn head(what: &str, command: &str) -> String {
    let command: String = command.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("# {what}\n# Made by: {command}\n")
}

/// A number rounded up; at least 1, so that nothing is limited to nothing.
pub(super) fn whole(number: f64) -> u64 {
    (number.ceil() as u64).max(1)
}

impl Size {
    /// Thousandths of cores.
    pub(super) fn millicores(self) -> u64 {
        // Three places are all there are: 0.3 cores are 300, not 300.00000000000006.
        whole((self.cores * 1e6).round() / 1e3)
    }

    /// The next whole number of cores, which is the most it may take; it starts a thread for each of them.
    pub(super) fn most_cores(self) -> u64 {
        self.millicores().div_ceil(1000)
    }

    /// 2²⁰ bytes.
    pub(super) fn mebibytes(self) -> u64 {
        whole(self.memory_bytes / MIB)
    }

    /// Both together.
    pub(super) fn and(self, other: Size) -> Size {
        Size { cores: self.cores + other.cores, memory_bytes: self.memory_bytes + other.memory_bytes }
    }
}

/// 2³⁰ bytes.
pub(super) fn gibibytes(bytes: f64) -> u64 {
    whole(bytes / GIB)
}

/// A string in YAML, which takes those of JSON.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Moves all lines that are not empty to the right.
pub(super) fn indented(text: &str, spaces: usize) -> String {
    let indent = " ".repeat(spaces);
    let lines =
        text.lines().map(|line| if line.is_empty() { String::new() } else { format!("{indent}{line}") });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_rounded_up() {
        let size = |cores, memory_bytes| Size { cores, memory_bytes };
        assert_eq!(size(0.1 + 0.2, 1.0).millicores(), 300);
        assert_eq!((size(2.0, MIB).most_cores(), size(2.0001, MIB).most_cores()), (2, 3));
        assert_eq!((size(0.01, MIB).most_cores(), size(0.01, MIB + 1.0).mebibytes()), (1, 2));
        assert_eq!((size(f64::NAN, 0.0).millicores(), size(0.0, f64::NAN).mebibytes()), (1, 1));
        assert_eq!((gibibytes(GIB * 1.5), size(f64::INFINITY, 0.0).millicores()), (2, u64::MAX));
    }

    #[test]
    fn a_head_is_two_comments() {
        assert_eq!(
            head("Gateways.", "obs capacity\nkind: Pod"),
            "# Gateways.\n# Made by: obs capacity kind: Pod\n"
        );
    }
}

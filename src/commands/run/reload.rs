//! SIGHUP: the configuration is read again.

use std::io;
use std::path::PathBuf;

use signal_hook::consts::SIGHUP;
use signal_hook::iterator::Signals;

use super::super::stage::Reload;
use crate::config::Config;
use crate::error::CommandError;

/// A stage that can change while it runs.
pub(super) struct Reloading {
    pub(super) name: String,
    /// Its configuration.
    pub(super) path: Option<PathBuf>,
    pub(super) reload: Reload,
}

impl Reloading {
    fn run(&self) -> Result<(), CommandError> {
        let (config, warnings) = Config::load(self.path.as_deref())?;
        warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        (self.reload)(&config)
    }
}

/// From now on every SIGHUP reads the configuration again; what is wrong with it is said, and the old one holds.
pub(super) fn on_hangup(stages: Vec<Reloading>) -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP])?;
    std::thread::Builder::new().name("reload".into()).spawn(move || {
        for _ in signals.forever() {
            let mut all_well = true;
            for stage in &stages {
                if let Err(error) = stage.run() {
                    all_well = false;
                    tracing::error!("{}: the old configuration holds: {error}", stage.name);
                }
            }
            if all_well {
                tracing::info!("the configuration is read again");
            }
        }
    })?;
    Ok(())
}

//! Which machine this is.

use std::num::NonZeroUsize;

use sysinfo::{CpuRefreshKind, System};

use crate::capacity::profile::Host;

/// What the operating system says of this machine.
pub(super) fn host() -> Host {
    let cpu = System::new().ok().and_then(|mut system| {
        system.refresh_cpu_list(CpuRefreshKind::nothing());
        system.cpus().first().map(|cpu| cpu.brand().trim().to_owned())
    });
    let system = [System::name(), System::kernel_version()].into_iter().filter_map(Result::ok);
    Host {
        cpu: cpu.filter(|brand| !brand.is_empty()).unwrap_or_else(|| std::env::consts::ARCH.into()),
        cores: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        system: system.collect::<Vec<_>>().join(" "),
    }
}

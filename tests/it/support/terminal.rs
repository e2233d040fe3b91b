use std::fs::File;
use std::os::fd::OwnedFd;

/// Both ends of a pseudo-terminal.
pub fn terminal() -> (OwnedFd, File) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let path = ptsname(&controller, Vec::new()).unwrap();
    let user = File::options().read(true).write(true).open(path.to_str().unwrap()).unwrap();
    (controller, user)
}

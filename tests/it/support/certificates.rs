use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::TempDir;

/// Writes an authority's certificate, and one with its key that it has signed for `localhost`.
pub fn certificates(dir: &TempDir, name: &str) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    dir.write(&format!("{name}-ca.pem"), authority.pem());
    dir.write(&format!("{name}.pem"), certificate.pem());
    dir.write(&format!("{name}.key"), key.serialize_pem());
}

//! TLS of both ends: rustls, certificates from PEM files.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

/// The one provider of cryptography.
fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Makes the provider known to libraries that look for the process's own.
pub fn install_provider() {
    // A second call finds it installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A server's side: its certificate chain and key, and the authority of clients that must show a certificate.
///
/// # Errors
/// A file cannot be read or holds no such thing.
pub fn server(
    certificate: &Path,
    key: &Path,
    client_authority: Option<&Path>,
) -> anyhow::Result<Arc<ServerConfig>> {
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let builder = match client_authority {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(authorities(path)?), provider()).build();
            builder.with_client_cert_verifier(verifier.with_context(|| format!("{}", path.display()))?)
        }
    };
    let key = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("cannot read a private key (PEM) from {}", key.display()))?;
    let mut config = builder
        .with_single_cert(certificates(certificate)?, key)
        .with_context(|| format!("certificate {} and its key", certificate.display()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn authorities(path: &Path) -> anyhow::Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(path)? {
        store.add(certificate).with_context(|| format!("{}", path.display()))?;
    }
    Ok(store)
}

fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let context = || format!("cannot read a certificate (PEM) from {}", path.display());
    let certificates: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(path).with_context(context)?.collect();
    match certificates.with_context(context)? {
        empty if empty.is_empty() => {
            Err(anyhow!("{}: no certificate in it", path.display())).with_context(context)
        }
        certificates => Ok(certificates),
    }
}

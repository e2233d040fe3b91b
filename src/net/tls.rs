//! TLS of both ends: rustls, certificates from PEM files.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context, anyhow};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

/// The one provider of cryptography.
fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Makes the provider known to libraries that look for the process's own.
pub fn install_provider() {
    // A second call finds it installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Where a server's certificate chain and key are, and the authority of clients that must show a certificate.
#[derive(Debug, Clone)]
pub struct ServerFiles {
    /// Certificate chain (PEM).
    pub certificate: PathBuf,
    /// Its private key (PEM).
    pub key: PathBuf,
    /// Authority of clients (PEM).
    pub client_authority: Option<PathBuf>,
}

/// A server's side of TLS, whose files may be read again: certificates are renewed.
#[derive(Debug)]
pub struct ServerTls {
    files: ServerFiles,
    config: RwLock<Arc<ServerConfig>>,
}

impl ServerTls {
    /// Reads the files.
    ///
    /// # Errors
    /// A file cannot be read or holds no such thing.
    pub fn read(files: ServerFiles) -> anyhow::Result<ServerTls> {
        let config = RwLock::new(files.read()?);
        Ok(ServerTls { files, config })
    }

    /// Reads the files again, for the connections to come; after an error the old ones hold.
    ///
    /// # Errors
    /// As [`ServerTls::read`].
    pub fn reload(&self) -> anyhow::Result<()> {
        let config = self.files.read()?;
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.config.read().unwrap_or_else(PoisonError::into_inner).clone().into()
    }
}

impl ServerFiles {
    fn read(&self) -> anyhow::Result<Arc<ServerConfig>> {
        let builder =
            ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
        let builder = match &self.client_authority {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let authorities = Arc::new(authorities(path)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(authorities, provider()).build();
                builder.with_client_cert_verifier(verifier.with_context(|| format!("{}", path.display()))?)
            }
        };
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .with_context(|| format!("cannot read a private key (PEM) from {}", self.key.display()))?;
        let mut config = builder
            .with_single_cert(certificates(&self.certificate)?, key)
            .with_context(|| format!("certificate {} and its key", self.certificate.display()))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
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

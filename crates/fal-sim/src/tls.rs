//! HTTPS: fal's official clients speak nothing else.

use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A certificate and its key, both in PEM.
#[derive(Clone)]
pub struct Tls {
    /// The server's certificate, followed by its chain.
    pub certificates: Vec<u8>,
    /// The private key of the first certificate.
    pub key: Vec<u8>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// Why a certificate and its key cannot be used.
#[derive(Debug, thiserror::Error)]
enum TlsError {
    #[error("the certificates are not PEM")]
    Certificates(#[source] pem::Error),
    #[error("the private key is not PEM")]
    Key(#[source] pem::Error),
    #[error("certificate and key do not go together")]
    Pair(#[source] rustls::Error),
}

impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

impl Tls {
    pub(crate) fn server_config(&self) -> io::Result<ServerConfig> {
        let certificates = CertificateDer::pem_slice_iter(&self.certificates)
            .collect::<Result<Vec<_>, _>>()
            .map_err(TlsError::Certificates)?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(TlsError::Key)?;
        // The provider is named here, as the process may have no default provider, or another.
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Pair)?
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .map_err(TlsError::Pair)?;
        Ok(config)
    }
}

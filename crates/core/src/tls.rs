//! Which cryptography TLS uses.

/// Selects `ring`, unless the process has chosen already. To be called before the first HTTP client is made.
pub fn install_provider() {
    // It is an error if a provider was installed before; that one stays.
    drop(rustls::crypto::ring::default_provider().install_default());
}

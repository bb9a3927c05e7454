//! Which cryptography TLS uses.

/// Makes `ring` do it, unless the process has chosen already. Before the first HTTP client.
pub fn install_provider() {
    // Whoever installed one first keeps it.
    drop(rustls::crypto::ring::default_provider().install_default());
}

//! Resolves names, and keeps back the addresses that must not be connected to.

use std::{net::SocketAddr, sync::Arc};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;

use super::Allowed;

/// A name leads to no address that may be reached. Where it does lead is not told.
#[derive(Debug, thiserror::Error)]
#[error("{host} leads to no address that may be reached")]
pub struct NothingReachable {
    /// The name.
    pub host: String,
}

/// Resolves names as the machine does.
pub(super) struct System;

impl Resolve for System {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // The port comes from the URL and is put in later.
            let found = lookup_host((name.as_str(), 0)).await?;
            let found: Addrs = Box::new(found.collect::<Vec<_>>().into_iter());
            Ok(found)
        })
    }
}

/// Lets only those addresses through that may be connected to.
pub(super) struct Guard {
    pub(super) resolver: Arc<dyn Resolve>,
    pub(super) allowed: Allowed,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let resolving = self.resolver.resolve(name);
        let allowed = self.allowed.clone();
        Box::pin(async move {
            let found = resolving.await?;
            if allowed.permits_name(&host) {
                return Ok(found);
            }
            let mut reachable: Vec<SocketAddr> = found.collect();
            reachable.retain(|address| allowed.permits(address.ip()));
            if reachable.is_empty() {
                return Err(NothingReachable { host }.into());
            }
            let reachable: Addrs = Box::new(reachable.into_iter());
            Ok(reachable)
        })
    }
}

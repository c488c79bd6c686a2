//! Where the server listens and whom it believes.

use super::Settings;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// Settings of the HTTP server.
#[derive(Debug, Clone)]
pub struct Http {
    pub listen: SocketAddr,
    /// Certificate chain and key, PEM; both or none.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Bytes of a request body at most, after decompression.
    pub body_max_bytes: usize,
    /// How long a body may take to arrive, seconds; long, because the field has a slow network.
    pub body_timeout_s: u64,
    /// Worker threads; `None` means one per processor.
    pub workers: Option<usize>,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            tls: None,
            trusted_proxies: Vec::new(),
            body_max_bytes: 1024 * 1024,
            body_timeout_s: 120,
            workers: None,
        }
    }
}

impl Http {
    pub(super) fn read(settings: &mut Settings) -> Self {
        let default = Self::default();
        let listen = settings.read("RUHU_LISTEN", str::parse).unwrap_or(default.listen);
        let cert = settings.text("RUHU_TLS_CERT").map(PathBuf::from);
        let key = settings.text("RUHU_TLS_KEY").map(PathBuf::from);
        let tls = match (cert, key) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            _ => {
                let why = "RUHU_TLS_CERT and RUHU_TLS_KEY belong together".to_owned();
                settings.errors.push(super::ConfigError::Bad { key: "RUHU_TLS_CERT", why });
                None
            }
        };
        let read_proxies = |text: &str| text.split(',').map(|ip| ip.trim().parse::<IpAddr>()).collect();
        let trusted_proxies = settings.read("RUHU_TRUSTED_PROXIES", read_proxies).unwrap_or(default.trusted_proxies);
        let workers = settings.read("RUHU_WORKERS", str::parse::<std::num::NonZeroUsize>).map(Into::into);
        Self { listen, tls, trusted_proxies, workers, ..default }
    }
}

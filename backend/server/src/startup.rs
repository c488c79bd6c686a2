//! Builds the server out of its parts; used by `main` and by the tests.

use crate::app::App;
use crate::config::http::Http;
use crate::env::Env;
use crate::extract::Table;
use crate::middleware::edge::edge;
use crate::middleware::origin::same_origin;
use crate::routes::{self, ROUTES, pwa};
use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{HttpServer, web};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fs::File;
use std::io::{self, BufReader};
use std::net::TcpListener;
use std::path::Path;

/// Seconds that requests in flight have to finish when the server stops.
const SHUTDOWN_S: u64 = 30;

/// Why a certificate or key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{path} cannot be read: {why}")]
    Unreadable { path: String, why: io::Error },
    #[error("{0} holds no certificate in PEM form")]
    NoCertificate(String),
    #[error("{0} holds no private key in PEM form")]
    NoKey(String),
    #[error("certificate and key do not belong together: {0}")]
    Mismatch(rustls::Error),
}

/// A server on a socket that is bound already. It runs until its handle stops it.
pub fn server(app: App, http: &Http, listener: TcpListener, tls: Option<ServerConfig>) -> io::Result<Server> {
    let shared = Shared::new(app, http);
    let mut server = HttpServer::new(move || shell(&shared))
        .disable_signals()
        // A packed answer goes out in pieces; each but the first would wait for the other side's delayed ACK.
        .tcp_nodelay(true)
        .shutdown_timeout(SHUTDOWN_S);
    if let Some(workers) = http.workers {
        server = server.workers(workers);
    }
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls)?,
        None => server.listen(listener)?,
    };
    Ok(server.run())
}

/// What the applications of all workers share.
#[derive(Clone)]
pub struct Shared {
    app: web::Data<App>,
    env: web::Data<Env>,
    http: web::Data<Http>,
    table: web::Data<Table>,
}

impl Shared {
    /// Of a server with these settings.
    pub fn new(app: App, http: &Http) -> Self {
        Self {
            env: web::Data::new(app.env.clone()),
            app: web::Data::new(app),
            http: web::Data::new(http.clone()),
            table: web::Data::new(Table(ROUTES)),
        }
    }
}

/// The application of one worker: the routes, and what every request passes through on its way to them.
pub fn shell(
    shared: &Shared,
) -> actix_web::App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = actix_web::Error,
        InitError = (),
    > + use<>,
> {
    actix_web::App::new()
        .app_data(shared.app.clone())
        .app_data(shared.env.clone())
        .app_data(shared.http.clone())
        .app_data(shared.table.clone())
        .wrap(Compress::default())
        .wrap(from_fn(same_origin))
        .wrap(from_fn(edge))
        .configure(routes::configure)
        .default_service(web::to(pwa::serve))
}

/// Reads a certificate chain and its key.
pub fn read_tls(cert: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let (cert_name, key_name) = (cert.display().to_string(), key.display().to_string());
    let chain: Vec<CertificateDer<'static>> = rustls_pemfile::certs(&mut open(cert)?)
        .collect::<Result<_, _>>()
        .map_err(|why| TlsError::Unreadable { path: cert_name.clone(), why })?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(cert_name));
    }
    let found: Option<PrivateKeyDer<'static>> = rustls_pemfile::private_key(&mut open(key)?)
        .map_err(|why| TlsError::Unreadable { path: key_name.clone(), why })?;
    let found = found.ok_or(TlsError::NoKey(key_name))?;
    let provider = rustls::crypto::ring::default_provider();
    ServerConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, found))
        .map_err(TlsError::Mismatch)
}

fn open(path: &Path) -> Result<BufReader<File>, TlsError> {
    let unreadable = |why| TlsError::Unreadable { path: path.display().to_string(), why };
    File::open(path).map(BufReader::new).map_err(unreadable)
}

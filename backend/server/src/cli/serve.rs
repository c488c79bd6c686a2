//! `ruhu demo` and `ruhu serve`.

use super::{Failure, open, say};
use crate::app::{self, App};
use crate::config::Config;
use crate::demo;
use crate::routes::pwa;
use crate::startup;
use ruhu_store::{Conn, meta};
use std::io;
use std::net::TcpListener;

/// Serves synthetic people; fills a database that has nobody yet.
pub async fn demo(config: &Config) -> Result<(), Failure> {
    let listener = bind(config)?;
    let opened = open::database(config).await?;
    if demo_mark(&opened).await?.as_deref().is_none_or(|mark| mark == meta::DEMO_FILLING) {
        fill(config, &opened).await?;
    }
    let app = open::app(opened, config).await?;
    greet()?;
    run(app, config, listener).await
}

/// What the database says of itself: nothing, that a demo is being made, or that it is one.
async fn demo_mark(opened: &open::Opened) -> Result<Option<String>, Failure> {
    opened.db.read(|c: &mut Conn| meta::find(c, meta::DEMO)).await.map_err(Failure::of)
}

fn greet() -> Result<(), Failure> {
    say("Demo: everybody in it is made up. Sign in as")?;
    for (login, what) in demo::LOGINS {
        say(&format!("    {login:<12} {what}"))?;
    }
    say(&format!("with the password {}", demo::PASSWORD))
}

async fn fill(config: &Config, opened: &open::Opened) -> Result<(), Failure> {
    // The app's first start fills in the regions that the demo stands on.
    let db = opened.db.clone();
    let copy = open::Opened {
        db: db.clone(),
        keys: opened.keys.clone(),
        definitions: opened.definitions.clone(),
        env: opened.env.clone(),
        migrated: Vec::new(),
    };
    let app = open::app(copy, config).await?;
    if !app.list_accounts().await.map_err(Failure::of)?.is_empty() {
        let database = &config.database_url;
        return Err(Failure(match demo_mark(opened).await? {
            Some(_) => format!("{database} holds a demo that was not finished; delete it, or choose another RUHU_DATA"),
            None => format!("{database} holds real accounts; use `ruhu serve`, or another RUHU_DATA"),
        }));
    }
    say("Making synthetic demo data …")?;
    let hash = app.passwords.hash(demo::PASSWORD.to_owned(), &app.env).await.map_err(Failure::of)?;
    let vault = app::vault(&opened.keys, &opened.definitions).map_err(Failure::of)?;
    let default = demo::Options::default();
    let options = demo::Options {
        seed: config.demo_seed.unwrap_or(default.seed),
        households: config.demo_size.unwrap_or(default.households),
        ..default
    };
    let summary = demo::seed(&db, &vault, &opened.definitions, options, app.now(), &hash).await.map_err(Failure::of)?;
    say(&format!("{} households, {} visits, {} people.", summary.households, summary.visits, summary.users))
}

/// Serves for real; never the accounts of a demo.
pub async fn serve(config: &Config) -> Result<(), Failure> {
    let listener = bind(config)?;
    let opened = open::database(config).await?;
    // Everybody can read the password of the demo's accounts.
    if demo_mark(&opened).await?.is_some() {
        return Err(Failure(format!("{} holds demo data; choose another RUHU_DATA", config.database_url)));
    }
    let app = open::app(opened, config).await?;
    if let Some(token) = &app.setup_token {
        say("There is no administrator yet. Open /setup in the browser and enter this token:")?;
        say(&format!("    {token}"))?;
    }
    run(app, config, listener).await
}

fn bind(config: &Config) -> Result<TcpListener, Failure> {
    let address = config.http.listen;
    let listener = TcpListener::bind(address).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            Failure(format!("{address} is taken by another program; choose another port with RUHU_LISTEN=ADDRESS:PORT"))
        }
        _ => Failure(format!("{address} cannot be listened on: {error}")),
    })?;
    listener.set_nonblocking(true).map_err(Failure::of)?;
    Ok(listener)
}

async fn run(app: App, config: &Config, listener: TcpListener) -> Result<(), Failure> {
    let tls = match &config.http.tls {
        Some((cert, key)) => Some(startup::read_tls(cert, key).map_err(Failure::of)?),
        None => None,
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let address = listener.local_addr().map_err(Failure::of)?;
    let host = if address.ip().is_loopback() { "localhost".to_owned() } else { address.ip().to_string() };
    let port = address.port();
    say(&format!("Open {scheme}://{host}:{port}"))?;
    if tls.is_none() {
        say(&format!(
            "On a phone the app needs localhost or TLS: connect it by USB and run `adb reverse tcp:{port} tcp:{port}`,\n\
             then open http://localhost:{port} on it; or start `ruhu serve --tls-cert FILE --tls-key FILE`."
        ))?;
    }
    if !pwa::is_embedded() {
        say("This binary was built without the app (RUHU_SKIP_PWA=1); it serves the API only.")?;
    }
    let parked = app.clone();
    actix_web::rt::spawn(async move {
        if let Err(cause) = parked.replay_parked().await {
            tracing::warn!(%cause, "the parked operations could not be looked through; the next start does it");
        }
    });
    let server = startup::server(app, &config.http, listener, tls).map_err(Failure::of)?;
    let handle = server.handle();
    actix_web::rt::spawn(async move {
        stop_signal().await;
        tracing::info!("stopping; requests in flight are finished first");
        handle.stop(true).await;
    });
    server.await.map_err(Failure::of)
}

/// Ctrl-C, or SIGTERM from whoever keeps services.
async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

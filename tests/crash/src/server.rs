//! The real binary as a process of its own: started, ended without a word, asked whether its database is sound.

use crate::Result;
use crate::place::Place;
use std::fs::{File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

const START_MAX: Duration = Duration::from_secs(60);
const VERIFY_MAX: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(20);

/// How a start ended.
pub enum Start {
    Ready,
    /// The process ended before anybody saw it ready: a named place was reached at once.
    Ended(ExitStatus),
}

/// A server that comes and goes, on one port.
pub struct Server {
    binary: PathBuf,
    settings: Vec<(String, String)>,
    log: PathBuf,
    pub address: SocketAddr,
    child: Option<Child>,
}

impl Server {
    /// Chooses a port; nothing runs yet. `settings` are those of the place and what else the process gets.
    pub fn new(binary: PathBuf, place: &Place, more: &[(&str, &str)]) -> Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut settings = place.settings();
        let fixed = [("RUHU_LOG", "warn"), ("RUHU_WORKERS", "2")];
        settings.extend(fixed.iter().chain(more).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let log = place.folder().join("server.log");
        Ok(Self { binary, settings, log, address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), child: None })
    }

    fn command(&self) -> Result<Command> {
        let log = OpenOptions::new().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(&self.binary);
        // A setting it does not know stops the server, so nothing of ours is handed on by accident.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("RUHU_")) {
            command.env_remove(name);
        }
        command.envs(self.settings.iter().cloned()).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(command)
    }

    /// Starts it, with an end that awaits it or without, and waits until it answers.
    pub async fn start(&mut self, failpoint: Option<&str>) -> Result<Start> {
        let mut command = self.command()?;
        if let Some(plan) = failpoint {
            command.env("RUHU_FAILPOINT", plan);
        }
        command.args(["serve", "--listen", &self.address.to_string()]);
        self.child = Some(command.spawn().map_err(|error| format!("{}: {error}", self.binary.display()))?);
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build()?;
        let began = Instant::now();
        while began.elapsed() < START_MAX {
            if let Some(status) = self.ended()? {
                return match failpoint {
                    Some(_) if status.code().is_none() => Ok(Start::Ended(status)),
                    _ => Err(format!("the server ended with {status}; {}", self.log_end()).into()),
                };
            }
            let ready = client.get(format!("http://{}/readyz", self.address)).send().await;
            if ready.is_ok_and(|answer| answer.status() == 200) {
                return Ok(Start::Ready);
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(format!("the server did not answer; {}", self.log_end()).into())
    }

    /// Whether it has ended by itself.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(match &mut self.child {
            Some(child) => child.try_wait()?,
            None => None,
        })
    }

    /// Waits until it has ended by itself, but not for ever; whether it has.
    pub async fn wait_for_end(&mut self, most: Duration) -> Result<bool> {
        let began = Instant::now();
        while began.elapsed() < most {
            if let Some(status) = self.ended()? {
                return match status.code() {
                    None => Ok(true),
                    Some(_) => Err(format!("the server ended with {status}; {}", self.log_end()).into()),
                };
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(false)
    }

    /// Ends it as `kill -9` does.
    pub fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Runs `ruhu verify` beside it; what it said when something does not hold.
    pub async fn verify(&self) -> Result<Option<String>> {
        let report = self.log.with_file_name("verify.txt");
        let mut child = self.command()?.arg("verify").stdout(File::create(&report)?).spawn()?;
        let began = Instant::now();
        loop {
            if let Some(status) = child.try_wait()? {
                if status.success() {
                    return Ok(None);
                }
                let said = std::fs::read_to_string(&report)?;
                let broken = said.lines().filter(|line| line.contains("BROKEN") || line.trim_start().starts_with("- "));
                return Ok(Some(format!("ruhu verify, {status}: {}", broken.collect::<Vec<_>>().join("; "))));
            }
            if began.elapsed() > VERIFY_MAX {
                child.kill()?;
                child.wait()?;
                return Err("ruhu verify did not come to its end".into());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The last of what it said.
    pub fn log_end(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is gone, or goes now.
        let _ = self.kill();
    }
}

//! The release binary as a process of its own, and what the kernel says of it.

use crate::Result;
use crate::http::Client;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const START_MAX: Duration = Duration::from_secs(60);
const STOP_MAX: Duration = Duration::from_secs(20);
/// Linux counts processor time in hundredths of a second, whatever the kernel's own tick.
const TICKS_PER_S: f64 = 100.0;

/// A running server; it is stopped when this is dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    /// Starts it on a free port of this machine and waits until it answers.
    pub fn start(binary: &Path, folder: &Path, database_url: &str, group_commit: Option<usize>) -> Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let log = folder.join("server.log");
        let (out, err) = (File::create(folder.join("server.out"))?, File::create(&log)?);
        let mut command = Command::new(binary);
        // A setting it does not know stops the server, so nothing of ours is handed on by accident.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("RUHU_")) {
            command.env_remove(name);
        }
        if let Some(most) = group_commit {
            command.env("RUHU_GROUP_COMMIT", most.to_string());
        }
        let child = command
            .arg("demo")
            .args(["--listen", &address.to_string()])
            .env("RUHU_DATA", folder)
            .env("RUHU_DATABASE_URL", database_url)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", binary.display()))?;
        let mut server = Self { child, address };
        server.wait_until_ready(&log)?;
        Ok(server)
    }

    fn wait_until_ready(&mut self, log: &Path) -> Result<()> {
        let began = Instant::now();
        while began.elapsed() < START_MAX {
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("the server ended with {status}: {}", fs::read_to_string(log)?).into());
            }
            let is_ready = Client::connect(self.address).and_then(|mut client| client.get("/readyz"));
            if is_ready.is_ok_and(|reply| reply.status == 200) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(format!("the server did not answer: {}", fs::read_to_string(log)?).into())
    }

    /// Memory it holds now, MiB.
    pub fn resident_mib(&self) -> Result<f64> {
        self.status_mib("VmRSS:")
    }

    /// The most it ever held, MiB.
    pub fn peak_mib(&self) -> Result<f64> {
        self.status_mib("VmHWM:")
    }

    fn status_mib(&self, key: &str) -> Result<f64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix(key)).ok_or("the kernel does not say")?;
        let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib / 1024.0)
    }

    /// Processor time it has used, all threads, milliseconds; steps of 10.
    pub fn cpu_ms(&self) -> Result<f64> {
        cpu_ms(self.child.id())
    }
}

/// Processor time that a process has used, all threads, milliseconds; steps of 10. Other people's load on the
/// machine changes it far less than it changes the time that passes.
pub fn cpu_ms(pid: u32) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in brackets may hold spaces; user and system time are the 12th and 13th fields after it.
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).ok_or("no such field");
    Ok((ticks(11)? + ticks(12)?) * 1000.0 / TICKS_PER_S)
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked first, so that it closes its database; ended when it does not listen.
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let began = Instant::now();
        while asked.is_ok() && began.elapsed() < STOP_MAX {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! The bad network between phones and server: one connection carries one request, and may come to harm.
//! Signing in is left alone, because no operation depends on it.

use crate::Result;
use crate::random::Random;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// No request of the rig is longer.
const REQUEST_MAX_BYTES: usize = 8 * 1024 * 1024;
/// A server that is ended while it works leaves a connection that never says anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    /// It comes late.
    Delay,
    /// It breaks off on its way to the server.
    Cut,
    /// The server gets it and works; nobody hears the answer.
    Swallow,
    /// The server gets it twice; the second time at once, or when the phone has long gone on.
    Duplicate,
    /// The connection stays up and says nothing, before or after the server worked.
    HalfOpen,
    /// The answer breaks off.
    Truncate,
}

impl Fault {
    /// All of them with their weights, out of 100.
    const WEIGHTS: [(Self, u64); 7] = [
        (Self::None, 44),
        (Self::Delay, 10),
        (Self::Cut, 8),
        (Self::Swallow, 14),
        (Self::Duplicate, 13),
        (Self::HalfOpen, 3),
        (Self::Truncate, 8),
    ];

    fn draw(random: &mut Random) -> Self {
        let mut at = random.range(0, 99);
        for (fault, weight) in Self::WEIGHTS {
            if at < weight {
                return fault;
            }
            at -= weight;
        }
        Self::None
    }
}

/// A running proxy.
pub struct Proxy {
    pub address: SocketAddr,
    /// From now on nothing comes to harm.
    pub is_calm: Arc<AtomicBool>,
    /// Requests that came to harm.
    pub faults: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// Listens on a free port, in front of a server that may come and go.
    pub async fn start(server: SocketAddr, seed: u64) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (is_calm, faults) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (calm, count) = (Arc::clone(&is_calm), Arc::clone(&faults));
        let task = tokio::spawn(async move {
            let mut number = 0;
            while let Ok((phone, _)) = listener.accept().await {
                number += 1;
                let random = Random::new(seed, 1_000_000 + number);
                let (calm, count) = (Arc::clone(&calm), Arc::clone(&count));
                // How a connection ends is the phone's affair; it sees what it would see of a bad network.
                tokio::spawn(async move { carry(phone, server, random, &calm, &count).await });
            }
        });
        Ok(Self { address, is_calm, faults, task })
    }
}

async fn carry(
    mut phone: TcpStream,
    server: SocketAddr,
    mut random: Random,
    is_calm: &AtomicBool,
    faults: &AtomicU64,
) -> Result<()> {
    let Some(request) = read_request(&mut phone).await? else { return Ok(()) };
    let is_sync = request.windows(10).take(40).any(|part| part == b"/api/v1/sy");
    let fault = if is_sync && !is_calm.load(Ordering::SeqCst) { Fault::draw(&mut random) } else { Fault::None };
    if fault != Fault::None {
        faults.fetch_add(1, Ordering::SeqCst);
    }
    match fault {
        Fault::None => phone.write_all(&ask(server, &request).await?).await?,
        Fault::Delay => {
            tokio::time::sleep(Duration::from_millis(random.range(5, 150))).await;
            phone.write_all(&ask(server, &request).await?).await?;
        }
        Fault::Cut => {
            let mut stream = TcpStream::connect(server).await?;
            stream.write_all(&request[..random.place(request.len())]).await?;
        }
        Fault::Swallow => drop(ask(server, &request).await?),
        Fault::Duplicate => {
            let (again, late) = (request.clone(), random.range(0, 400));
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(late)).await;
                ask(server, &again).await
            });
            phone.write_all(&ask(server, &request).await?).await?;
        }
        Fault::HalfOpen => {
            if random.chance(50) {
                drop(ask(server, &request).await?);
            }
            // Until the phone has had enough.
            tokio::time::timeout(PATIENCE, phone.read(&mut [0])).await??;
        }
        Fault::Truncate => {
            let answer = ask(server, &request).await?;
            phone.write_all(&answer[..random.place(answer.len())]).await?;
        }
    }
    Ok(())
}

/// A whole request, changed so that the server closes its connection at the end of the answer.
async fn read_request(phone: &mut TcpStream) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if bytes.len() > REQUEST_MAX_BYTES || phone.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec())?;
    let mut fields = text.lines().filter_map(|line| line.split_once(':'));
    let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.map_or("0", |(_, value)| value.trim()).parse()?;
    while bytes.len() < head + 4 + length.min(REQUEST_MAX_BYTES) {
        if phone.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
    let mut request = bytes[..head].to_vec();
    request.extend_from_slice(b"\r\nconnection: close");
    request.extend_from_slice(&bytes[head..]);
    Ok(Some(request))
}

/// Asks the server once: everything that it says until it hangs up, or is ended.
async fn ask(server: SocketAddr, request: &[u8]) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(request).await?;
    let mut answer = Vec::new();
    // What came before a server was ended is passed on, as a network would.
    match tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await {
        Ok(Err(error)) if answer.is_empty() => Err(error.into()),
        _ => Ok(answer),
    }
}

#[cfg(test)]
mod tests {
    use super::Fault;
    use crate::random::Random;

    #[test]
    fn every_fault_is_drawn_as_often_as_it_weighs() {
        assert_eq!(Fault::WEIGHTS.iter().map(|(_, weight)| weight).sum::<u64>(), 100);
        let mut random = Random::new(7, 0);
        let drawn: Vec<Fault> = (0..10_000).map(|_| Fault::draw(&mut random)).collect();
        for (fault, weight) in Fault::WEIGHTS {
            let count = drawn.iter().filter(|one| **one == fault).count() as u64;
            assert!(count.abs_diff(weight * 100) < 150, "{fault:?} {count}");
        }
    }
}

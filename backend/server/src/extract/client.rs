//! Where a request comes from, as far as we believe it.

use super::access::Table;
use crate::config::http::Http;
use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::{FromRequest, HttpRequest, web};
use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv6Addr};

/// The caller's address, for the throttle.
#[derive(Debug, Clone)]
pub struct Client {
    /// IPv6 addresses are cut to their /64 network: one household router owns all of it.
    pub address: String,
}

impl FromRequest for Client {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let trusted = req.app_data::<web::Data<Http>>().map_or(&[][..], |http| &http.trusted_proxies);
        let address = req.peer_addr().map(|peer| caller(peer.ip(), req.headers(), trusted));
        ready(Ok(Self { address: address.map_or_else(|| "unknown".to_owned(), network) }))
    }
}

/// The rightmost forwarded address that is not one of our proxies.
fn caller(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let (peer, is_trusted) = (peer.to_canonical(), |address: &IpAddr| is_trusted(*address, trusted));
    if !is_trusted(&peer) {
        return peer;
    }
    let forwarded = headers.get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let hops: Vec<IpAddr> = forwarded
        .flat_map(|line| line.split(','))
        .filter_map(|hop| hop.trim().parse::<IpAddr>().ok())
        .map(|hop| hop.to_canonical())
        .collect();
    hops.into_iter().rev().find(|hop| !is_trusted(hop)).unwrap_or(peer)
}

/// An IPv4 address is the same one when a socket of IPv6 shows it mapped.
fn is_trusted(address: IpAddr, trusted: &[IpAddr]) -> bool {
    trusted.iter().any(|proxy| proxy.to_canonical() == address.to_canonical())
}

fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// Whether the browser reached us, or our proxy, by TLS.
pub fn is_secure(req: &HttpRequest) -> bool {
    let Some(http) = req.app_data::<web::Data<Http>>() else { return false };
    let is_trusted = req.peer_addr().is_some_and(|peer| is_trusted(peer.ip(), &http.trusted_proxies));
    let forwarded = req.headers().get("x-forwarded-proto").is_some_and(|proto| proto == "https");
    http.tls.is_some() || (is_trusted && forwarded)
}

/// The operation's name for logs; `-` when the request reached none.
pub fn operation_name(req: &HttpRequest) -> &'static str {
    Table::of(req).map_or("-", |operation| operation.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for".parse().unwrap(), "198.51.100.7, 203.0.113.9".parse().unwrap());
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        assert_eq!(caller(proxy, &headers, &[]), proxy);
        assert_eq!(caller(proxy, &headers, &[proxy]).to_string(), "203.0.113.9");
    }

    #[test]
    fn a_mapped_address_is_the_address_that_it_maps() {
        let mapped = |text: &str| format!("::ffff:{text}").parse::<IpAddr>().unwrap();
        let none = HeaderMap::new();
        assert_eq!(network(caller(mapped("198.51.100.7"), &none, &[])), "198.51.100.7");
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for".parse().unwrap(), "::ffff:203.0.113.9".parse().unwrap());
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        for (peer, trusted) in [(mapped("10.0.0.1"), proxy), (proxy, mapped("10.0.0.1"))] {
            assert_eq!(network(caller(peer, &headers, &[trusted])), "203.0.113.9");
        }
        assert_eq!(network("2001:db8:1:2:3::4".parse().unwrap()), "2001:db8:1:2::/64");
    }
}

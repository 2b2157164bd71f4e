//! Networks of addresses that somebody trusts, as an operator writes them.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// A list of networks; a single address is a network of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Whether an address is in one of them. An IPv4 address in IPv6 dress is the same address.
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Each as it is written.
    pub fn iter(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|network| {
            let single = network.prefix_len() == network.max_prefix_len();
            if single { network.addr().to_string() } else { network.to_string() }
        })
    }

    /// Reads a list; `None` where one of them is no network.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        texts.into_iter().map(network).collect::<Option<_>>().map(Self)
    }
}

/// The network that an address is in, wide enough that it says nothing of one person; none for what is
/// no address, or short already.
pub fn shortened(address: &str) -> Option<String> {
    let address = address.parse::<IpAddr>().ok()?.to_canonical();
    let bits = if address.is_ipv4() { 24 } else { 48 };
    IpNet::new(address, bits).ok().map(|network| network.trunc().to_string())
}

fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    let network = match IpNet::from_str(text) {
        Ok(network) => network.trunc(),
        Err(_) => IpNet::from(text.parse::<IpAddr>().ok()?.to_canonical()),
    };
    Some(network)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_network_of_one_and_host_bits_do_not_count() {
        let networks = Networks::parse(["10.1.2.3/8", "127.0.0.1", "2001:db8::/32"]).unwrap();
        for inside in ["10.255.0.1", "127.0.0.1", "::ffff:127.0.0.1", "2001:db8:5::1"] {
            assert!(networks.contain(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["11.0.0.1", "127.0.0.2", "2001:db9::1"] {
            assert!(!networks.contain(outside.parse().unwrap()), "{outside}");
        }
        assert_eq!(
            networks.iter().collect::<Vec<_>>(),
            ["10.0.0.0/8", "127.0.0.1", "2001:db8::/32"]
        );
        for wrong in ["proxy", "10.0.0.0/33", "", "10.0.0"] {
            assert_eq!(Networks::parse([wrong]), None, "{wrong}");
        }
    }
}

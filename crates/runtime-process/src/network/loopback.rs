//! Loopback addresses: one of 127.64.0.0/10 for each instance.

use std::io;
use std::net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket};

use crate::ProcessError;

/// The addresses 127.64.0.1 to 127.127.255.254: far from 127.0.0.1 and from the addresses that
/// resolvers and distributions use (127.0.0.53, 127.0.1.1).
const BASE: u32 = 0x7f40_0000;

/// Addresses of each /24 that are used; .0 and .255 look wrong to some programs.
const PER_NET: u32 = 254;

/// How many /24 nets the range has.
const NETS: u32 = 64 * 256;

/// The UDP port that is held on an address to mark it as given: binding it is atomic between
/// all processes of the machine. Instances listen on TCP, so it is in nobody's way.
const CLAIM_PORT: u16 = 61_017;

/// An address that is ours as long as this lives.
#[derive(Debug)]
pub(super) struct Held {
    ip: Ipv4Addr,
    _claim: UdpSocket,
}

impl Held {
    pub(super) fn ip(&self) -> IpAddr {
        IpAddr::V4(self.ip)
    }
}

/// Takes the first address of these slots that nobody has.
pub(super) fn hold(slots: impl Iterator<Item = u32>) -> Result<(u32, Held), ProcessError> {
    let mut tried = 0;
    for slot in slots {
        tried += 1;
        let ip = address(slot);
        match claim(ip) {
            Ok(claim) => return Ok((slot, Held { ip, _claim: claim })),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(source) => {
                let step = "taking a loopback address";
                return Err(ProcessError::Network { step, source });
            }
        }
    }
    Err(ProcessError::NoAddress { tried })
}

fn claim(ip: Ipv4Addr) -> io::Result<UdpSocket> {
    let claim = UdpSocket::bind((ip, CLAIM_PORT))?;
    // Proves that servers can bind the address: a system may give `lo` a smaller net.
    TcpListener::bind((ip, 0))?;
    Ok(claim)
}

fn address(slot: u32) -> Ipv4Addr {
    let slot = slot % (NETS * PER_NET);
    let (net, host) = (slot / PER_NET, slot % PER_NET + 1);
    Ipv4Addr::from(BASE + net * 256 + host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_stay_in_their_range_and_repeat_only_after_all_were_given() {
        assert_eq!(address(0), Ipv4Addr::new(127, 64, 0, 1));
        assert_eq!(address(253), Ipv4Addr::new(127, 64, 0, 254));
        assert_eq!(address(254), Ipv4Addr::new(127, 64, 1, 1));
        assert_eq!(
            address(NETS * PER_NET - 1),
            Ipv4Addr::new(127, 127, 255, 254)
        );
        assert_eq!(address(NETS * PER_NET), address(0));
    }

    #[test]
    fn a_held_address_is_passed_over_and_free_after_its_drop() {
        let slots = || 77_000..77_010;
        let (first_slot, first) = hold(slots()).unwrap();
        let (second_slot, second) = hold(slots()).unwrap();
        assert!(second_slot > first_slot);
        assert_ne!(first.ip(), second.ip());
        drop(first);
        assert_eq!(hold(slots()).unwrap().0, first_slot);
    }
}

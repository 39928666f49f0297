//! The network identity of an instance: a namespace of its own, or a loopback address.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::ProcessError;
use crate::sweep::NamespaceId;

mod loopback;
mod namespace;

/// How many neighbouring slots are tried before the machine counts as full.
const TRIES: u32 = 1024;

/// How instances get a network identity; what a caller asks for.
///
/// ```
/// use floe_runtime_process::NetworkMode;
/// assert_eq!(NetworkMode::default(), NetworkMode::Auto);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NetworkMode {
    /// Namespaces where they can be made, loopback addresses elsewhere.
    #[default]
    Auto,
    /// Each instance its own network namespace, joined to the host by a veth pair. Needs root
    /// (CAP_SYS_ADMIN and CAP_NET_ADMIN).
    Namespace,
    /// Each instance its own address of 127.64.0.0/10. Needs no rights, isolates nothing.
    Loopback,
}

/// The network that a runtime uses, decided once when it is made.
#[derive(Debug)]
pub(crate) struct Network {
    kind: Kind,
    /// What the addresses are for, as people read it beside a link.
    owner: String,
    /// Counts up, so that an address is not given again right after it was free: late packets
    /// for a stopped instance must not reach a new one.
    next: AtomicU32,
    /// Why Auto fell back to loopback addresses.
    fallback: Option<ProcessError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Namespace,
    Loopback,
}

impl Network {
    /// Chooses a network; for namespaces it makes one for trial. Blocks for some milliseconds.
    pub(crate) fn choose(mode: NetworkMode, owner: &str) -> Result<Self, ProcessError> {
        let start = u32::try_from(crate::marker::hash(owner) % u64::from(u32::MAX));
        let network = |kind, fallback| Self {
            kind,
            owner: owner.to_owned(),
            next: AtomicU32::new(start.unwrap_or_default()),
            fallback,
        };
        if mode == NetworkMode::Loopback {
            return Ok(network(Kind::Loopback, None));
        }
        let trial = network(Kind::Namespace, None);
        let tried = trial.acquire().and_then(|lease| lease.release());
        match tried {
            Ok(()) => Ok(trial),
            Err(source) if mode == NetworkMode::Namespace => Err(ProcessError::NoNamespaces {
                source: Box::new(source),
            }),
            Err(reason) => Ok(network(Kind::Loopback, Some(reason))),
        }
    }

    pub(crate) fn has_namespaces(&self) -> bool {
        self.kind == Kind::Namespace
    }

    pub(crate) fn fallback(&self) -> Option<&ProcessError> {
        self.fallback.as_ref()
    }

    /// Takes the next free address, and makes what belongs to it. Blocks for milliseconds.
    pub(crate) fn acquire(&self) -> Result<Lease, ProcessError> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let slots = (0..TRIES).map(|offset| first.wrapping_add(offset));
        let (slot, lease) = match self.kind {
            Kind::Namespace => {
                let (slot, made) = namespace::create(slots, &self.owner)?;
                (
                    slot,
                    Lease {
                        ip: made.ip(),
                        backing: Backing::Namespace(made),
                    },
                )
            }
            Kind::Loopback => {
                let (slot, held) = loopback::hold(slots)?;
                (
                    slot,
                    Lease {
                        ip: held.ip(),
                        backing: Backing::Loopback(held),
                    },
                )
            }
        };
        // Slots that somebody else has are not tried again next time.
        self.next
            .fetch_add(slot.wrapping_sub(first), Ordering::Relaxed);
        Ok(lease)
    }
}

/// The network identity of one instance.
///
/// Dropping it without `release` is safe: the kernel removes the links when the last process of
/// the namespace is gone.
#[derive(Debug)]
pub(crate) struct Lease {
    ip: IpAddr,
    backing: Backing,
}

#[derive(Debug)]
enum Backing {
    Namespace(namespace::Namespace),
    Loopback(#[expect(dead_code, reason = "held for what its drop gives back")] loopback::Held),
}

impl Lease {
    pub(crate) fn ip(&self) -> IpAddr {
        self.ip
    }

    /// The namespace that children enter, open as long as the lease lives.
    pub(crate) fn namespace(&self) -> Option<RawFd> {
        match &self.backing {
            Backing::Namespace(namespace) => Some(namespace.as_fd().as_raw_fd()),
            Backing::Loopback(_) => None,
        }
    }

    pub(crate) fn namespace_id(&self) -> Option<NamespaceId> {
        match &self.backing {
            Backing::Namespace(namespace) => Some(namespace.id()),
            Backing::Loopback(_) => None,
        }
    }

    /// Returns an error when one of the ports is taken on the address.
    ///
    /// A namespace is new and has no listeners, so only loopback addresses are tried.
    pub(crate) fn check_ports(&self, ports: &[u16]) -> Result<(), ProcessError> {
        match self.backing {
            Backing::Loopback(_) => ports.iter().try_for_each(|&port| try_port(self.ip, port)),
            Backing::Namespace(_) => Ok(()),
        }
    }

    /// Removes what the kernel would remove in its own time, and proves that it is gone. May be
    /// called again. The address itself is given back by the drop.
    pub(crate) fn release(&self) -> Result<(), ProcessError> {
        match &self.backing {
            Backing::Namespace(namespace) => namespace.delete_link(),
            Backing::Loopback(_) => Ok(()),
        }
    }
}

fn try_port(ip: IpAddr, port: u16) -> Result<(), ProcessError> {
    match TcpListener::bind(SocketAddr::new(ip, port)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            Err(ProcessError::PortTaken { ip, port })
        }
        Err(source) => Err(ProcessError::PortRefused { ip, port, source }),
    }
}

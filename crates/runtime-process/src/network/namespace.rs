//! Network namespaces: every instance its own, joined to the host by a veth pair.
//!
//! The pair has a /31 (RFC 3021) out of 198.18.0.0/15, the range that RFC 2544 sets aside for
//! benchmarks, which no real network routes. The link's name on the host is the arbiter between
//! all processes that do this at a time: the kernel lets a name exist once.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::fs::MetadataExt;

use futures::TryStreamExt;
use rtnetlink::packet_route::link::{InfoData, InfoVeth};
use rtnetlink::{Error as NetlinkError, Handle, LinkUnspec, LinkVeth};

use crate::ProcessError;
use crate::sweep::NamespaceId;
use crate::sys;

/// 198.18.0.0, the first address of the range.
const BASE: u32 = 0xc612_0000;

/// How many pairs of addresses the /15 has.
const SLOTS: u32 = 65_536;

/// The name of the instance's end, as the original documents it for its containers.
const INNER: &str = "eth0";

/// A namespace and the host's end of its link.
#[derive(Debug)]
pub(super) struct Namespace {
    handle: OwnedFd,
    id: NamespaceId,
    slot: u32,
    /// The index of the link on the host.
    index: u32,
}

impl Namespace {
    pub(super) fn ip(&self) -> IpAddr {
        IpAddr::V4(inner_address(self.slot))
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }

    pub(super) fn id(&self) -> NamespaceId {
        self.id
    }

    /// Removes the link, both ends at once, and proves that it is gone.
    ///
    /// It goes by its index, which the kernel does not give again soon: its name may already
    /// belong to another instance.
    pub(super) fn delete_link(&self) -> Result<(), ProcessError> {
        let index = self.index;
        on_thread(move || {
            with_netlink(async |handle| {
                let missing = |error: &io::Error| error.raw_os_error() == Some(libc::ENODEV);
                match handle.link().del(index).execute().await.map_err(to_io) {
                    Err(error) if !missing(&error) => return Err(error),
                    Ok(()) | Err(_) => {}
                }
                let mut left = handle.link().get().match_index(index).execute();
                match left.try_next().await.map_err(to_io) {
                    Ok(Some(_)) => Err(io::Error::other("it is still there")),
                    Err(error) if !missing(&error) => Err(error),
                    Ok(None) | Err(_) => Ok(()),
                }
            })
        })
        .map_err(|source| ProcessError::Network {
            step: "removing its link",
            source,
        })
    }
}

/// Makes a namespace with the first link of these slots whose name nobody has.
pub(super) fn create(
    slots: impl Iterator<Item = u32>,
    owner: &str,
) -> Result<(u32, Namespace), ProcessError> {
    let (slots, alias) = (slots.collect::<Vec<_>>(), format!("floe {owner}"));
    // A thread that has left the host's network is not given back to any pool: it ends.
    on_thread(move || create_here(&slots, &alias)).map_err(|source| ProcessError::Network {
        step: "making its namespace",
        source,
    })?
}

/// The outer result is about the thread's own means, the inner one about the network.
fn create_here(slots: &[u32], alias: &str) -> io::Result<Result<(u32, Namespace), ProcessError>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let _context = runtime.enter();
    // A netlink socket stays in the namespace that it was opened in.
    let (host_connection, host, _) = rtnetlink::new_connection()?;
    sys::unshare_network()?;
    let handle = OwnedFd::from(fs::File::open("/proc/thread-self/ns/net")?);
    let id = namespace_id(&handle)?;
    let (inner_connection, inner, _) = rtnetlink::new_connection()?;
    runtime.spawn(host_connection);
    runtime.spawn(inner_connection);
    Ok(runtime.block_on(async {
        let (slot, index) = add_link(&host, slots, handle.as_raw_fd(), alias).await?;
        let namespace = Namespace {
            handle,
            id,
            slot: slot % SLOTS,
            index,
        };
        match configure(&host, &inner, &namespace).await {
            Ok(()) => Ok((slot, namespace)),
            Err(error) => {
                // The first error is the one to report; the kernel would remove the link too.
                let _ = namespace.delete_link();
                Err(error)
            }
        }
    }))
}

/// Returns the id of a new namespace, and an error if it is the one that this process is in:
/// later everything in it will be killed.
fn namespace_id(handle: &OwnedFd) -> io::Result<NamespaceId> {
    let file = fs::File::from(handle.try_clone()?);
    let new = file.metadata().map(|data| (data.dev(), data.ino()))?;
    let own = fs::metadata("/proc/self/ns/net").map(|data| (data.dev(), data.ino()))?;
    if new == own {
        return Err(io::Error::other("the new namespace is the host's own"));
    }
    Ok(new)
}

async fn add_link(
    host: &Handle,
    slots: &[u32],
    namespace: RawFd,
    alias: &str,
) -> Result<(u32, u32), ProcessError> {
    let failed = |source| ProcessError::Network {
        step: "adding its link",
        source,
    };
    let mut tried = 0;
    for &slot in slots {
        tried += 1;
        // The peer is made inside the namespace, so that its name meets no other.
        let peer = LinkUnspec::new_with_name(INNER)
            .setns_by_fd(namespace)
            .build();
        let name = link_name(slot % SLOTS);
        let link = LinkVeth::new(&name, INNER)
            .set_info_data(InfoData::Veth(InfoVeth::Peer(peer)))
            .up()
            .build();
        match host.link().add(link).execute().await.map_err(to_io) {
            Ok(()) => {
                let index = index_of(host, &name).await.map_err(failed)?;
                // The kernel takes an alias for a link that exists, not for one being made.
                let aliased = LinkUnspec::new_with_index(index).alias(alias).build();
                let set = host.link().set(aliased).execute().await;
                return set.map(|()| (slot, index)).map_err(to_io).map_err(failed);
            }
            Err(error) if error.raw_os_error() == Some(libc::EEXIST) => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Err(ProcessError::NoAddress { tried })
}

async fn configure(
    host: &Handle,
    inner: &Handle,
    namespace: &Namespace,
) -> Result<(), ProcessError> {
    let failed = |step| move |source| ProcessError::Network { step, source };
    let slot = namespace.slot;
    give_address(host, namespace.index, host_address(slot))
        .await
        .map_err(failed("giving the host its address"))?;
    let give =
        async { give_address(inner, index_of(inner, INNER).await?, inner_address(slot)).await };
    give.await
        .map_err(failed("giving the instance its address"))?;
    // An end of a pair can only be raised when the pair is complete (ENOTCONN before).
    for link in [INNER, "lo"] {
        let raised = LinkUnspec::new_with_name(link).up().build();
        let raised = inner.link().set(raised).execute().await.map_err(to_io);
        raised.map_err(failed("raising its links"))?;
    }
    // No default route, as in the original, where a service reaches nothing outside until it is
    // allowed to: a name that cannot be resolved then fails at once. With a route to a host that
    // does not forward, every look-up would wait for its time-out.
    Ok(())
}

async fn give_address(handle: &Handle, index: u32, address: Ipv4Addr) -> io::Result<()> {
    handle
        .address()
        .add(index, IpAddr::V4(address), 31)
        .execute()
        .await
        .map_err(to_io)
}

async fn index_of(handle: &Handle, link: &str) -> io::Result<u32> {
    let mut found = handle.link().get().match_name(link).execute();
    match found.try_next().await.map_err(to_io)? {
        Some(link) => Ok(link.header.index),
        None => Err(io::Error::other(format!("the link {link} is not there"))),
    }
}

/// Runs a job with a connection to the kernel's routing in the host's namespace.
fn with_netlink<T>(job: impl AsyncFnOnce(Handle) -> io::Result<T>) -> io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let _context = runtime.enter();
    let (connection, handle, _) = rtnetlink::new_connection()?;
    runtime.spawn(connection);
    runtime.block_on(job(handle))
}

/// Runs a job on a thread of its own and waits for it.
fn on_thread<T: Send + 'static>(
    job: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let thread = std::thread::Builder::new()
        .name("floe-network".to_owned())
        .spawn(job)?;
    thread
        .join()
        .unwrap_or_else(|_| Err(io::Error::other("the network thread panicked")))
}

fn to_io(error: NetlinkError) -> io::Error {
    match error {
        NetlinkError::NetlinkError(message) => message.to_io(),
        other => io::Error::other(other),
    }
}

fn link_name(slot: u32) -> String {
    format!("floe{slot}")
}

fn host_address(slot: u32) -> Ipv4Addr {
    Ipv4Addr::from(BASE + 2 * slot)
}

fn inner_address(slot: u32) -> Ipv4Addr {
    Ipv4Addr::from(BASE + 2 * slot + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_has_a_pair_of_the_range() {
        assert_eq!(host_address(0), Ipv4Addr::new(198, 18, 0, 0));
        assert_eq!(inner_address(0), Ipv4Addr::new(198, 18, 0, 1));
        assert_eq!(inner_address(SLOTS - 1), Ipv4Addr::new(198, 19, 255, 255));
    }

    #[test]
    fn link_names_fit_the_kernel() {
        // IFNAMSIZ is 16 with the NUL.
        assert!(link_name(SLOTS - 1).len() < 16);
    }
}

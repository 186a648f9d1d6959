//! One lookup: which server is asked about which address, and what is made of the answers.

use super::connection::{Found, Search, SearchFault};
use super::fault::{LdapFault, LdapFaultKind};
use super::filter::LdapAddressFilter;
use super::limits::{LdapLimits, after};
use super::server::{Lease, Server};
use super::servers::LdapServers;
use super::setup::{LdapBind, LdapTransport};
use super::tls::Tls;
use crate::directory::value::{decode_all, or_more};
use postseal::Address;
use postseal::directory::DirectoryReply;
use postseal::query::Unavailable;
use postseal::verify::Limits;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

/// All that a directory is set up with, and remembers.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) servers: LdapServers,
    pub(super) base: String,
    pub(super) ignores_references: bool,
    pub(super) filter: LdapAddressFilter,
    pub(super) transport: LdapTransport,
    pub(super) bind: LdapBind,
    pub(super) tls: Tls,
    pub(super) limits: LdapLimits,
    pub(super) certificates: Limits,
    /// One for each connection that may exist.
    pub(super) permits: Semaphore,
}

/// What the addresses of one question share.
struct Lookup {
    inner: Arc<Inner>,
    servers: Vec<Arc<Server>>,
    deadline: Instant,
    state: Mutex<State>,
}

struct State {
    waiting: VecDeque<(usize, Address)>,
    replies: Vec<Option<DirectoryReply>>,
    /// Servers that are not asked again for this question, and why.
    failed: Vec<Option<LdapFault>>,
    /// What would be the same about every address.
    setup: Option<String>,
}

impl Inner {
    /// One reply for each address, in order; always before the deadline.
    pub(super) async fn resolve(self: Arc<Self>, addresses: Vec<Address>) -> Vec<DirectoryReply> {
        let (count, deadline) = (addresses.len(), after(self.limits.total));
        if count == 0 {
            return Vec::new();
        }
        let servers = match self.servers.all(&self, deadline).await {
            Ok(servers) => servers,
            Err(fault) => {
                let gone = Unavailable::because(format_args!("{}: {fault}", self.servers));
                return (0..count).map(|_| DirectoryReply::Unavailable(gone.clone())).collect();
            }
        };
        let state = Mutex::new(State {
            waiting: addresses.into_iter().enumerate().collect(),
            replies: (0..count).map(|_| None).collect(),
            failed: servers.iter().map(|_| None).collect(),
            setup: None,
        });
        let workers = self.limits.connections.min(count);
        let lookup = Arc::new(Lookup { inner: self, servers, deadline, state });
        let mut tasks = JoinSet::new();
        for _ in 0..workers {
            tasks.spawn(Arc::clone(&lookup).work());
        }
        while tasks.join_next().await.is_some() {}
        let replies = core::mem::take(&mut lookup.state().replies);
        let late =
            || DirectoryReply::Unavailable(Unavailable::because(format_args!("{}: {LATE}", lookup.inner.servers)));
        replies.into_iter().map(|reply| reply.unwrap_or_else(late)).collect()
    }

    /// What one search for an address comes to at one server, over a connection from the pool or a fresh one.
    pub(super) async fn ask(
        &self,
        server: &Server,
        address: &Address,
        deadline: Instant,
    ) -> Result<Found, (Stage, LdapFault)> {
        let permit = timeout_at(deadline, self.permits.acquire()).await;
        let Ok(Ok(_permit)) = permit else {
            return Err((Stage::Search, LdapFault::new(LdapFaultKind::Late, LATE)));
        };
        let mut fresh = false;
        loop {
            let lease = server.lease(self, fresh, deadline).await.map_err(|fault| (Stage::Connection, fault))?;
            let Lease { mut connection, is_used } = lease;
            let is_anonymous = self.bind.is_anonymous();
            let ignores_references = self.ignores_references;
            let search = Search { base: &self.base, is_anonymous, ignores_references, limits: &self.limits, deadline };
            match connection.search(&search, self.filter.about(address)).await {
                Ok(found) => {
                    server.succeeded();
                    server.pool.put(connection, &self.limits);
                    return Ok(found);
                }
                // Servers drop connections that nobody uses without a word.
                Err(SearchFault { fault, answered: false })
                    if is_used && !fresh && fault.kind() == LdapFaultKind::Unreachable =>
                {
                    fresh = true;
                }
                Err(SearchFault { fault, .. }) => {
                    if fault.is_of_the_server() {
                        server.failed(&fault, self);
                    }
                    return Err((Stage::Search, fault));
                }
            }
        }
    }
}

/// Where a server failed: before it was asked about anybody, or then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Connection,
    Search,
}

const LATE: &str = "did not answer before the deadline of the lookup";

impl Lookup {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one address after another until none is left.
    async fn work(self: Arc<Self>) {
        loop {
            let Some((index, address)) = self.state().waiting.pop_front() else { return };
            let reply = match self.find(&address).await {
                Ok(found) => self.reply(found, &address),
                Err(words) => DirectoryReply::Unavailable(Unavailable::because(words)),
            };
            if let Some(slot) = self.state().replies.get_mut(index) {
                *slot = Some(reply);
            }
        }
    }

    /// Asks one server after another until one answers.
    async fn find(&self, address: &Address) -> Result<Found, String> {
        let mut words = Vec::new();
        for (index, server) in self.servers.iter().enumerate() {
            if let Some(words) = self.state().setup.clone() {
                return Err(words);
            }
            let failed = self.state().failed.get(index).cloned().flatten();
            let asked = match failed {
                Some(fault) => Err((Stage::Connection, fault)),
                None if Instant::now() >= self.deadline => {
                    Err((Stage::Search, LdapFault::new(LdapFaultKind::Late, LATE)))
                }
                None => self.inner.ask(server, address, self.deadline).await,
            };
            let (stage, fault) = match asked {
                Ok(found) => return Ok(found),
                Err(fault) => fault,
            };
            let said = format!("{}: {fault}", server.endpoint);
            let mut state = self.state();
            if fault.is_for_all_servers() {
                state.setup = Some(said.clone());
                return Err(said);
            }
            let is_about_all = stage == Stage::Connection || fault.kind() == LdapFaultKind::Busy;
            if let Some(slot) = state.failed.get_mut(index).filter(|slot| slot.is_none() && is_about_all) {
                *slot = Some(fault);
            }
            words.push(said);
        }
        Err(words.join("; "))
    }

    fn reply(&self, found: Found, address: &Address) -> DirectoryReply {
        let values = found.values.iter().map(|value| value.as_slice());
        let reply = decode_all(values, address, &self.inner.certificates);
        match found.missing {
            Some(words) => or_more(reply, Unavailable::because(format_args!("{}: {words}", self.inner.servers))),
            None => reply,
        }
    }
}

use super::report::{Outcome, RecipientReport, Unsealed};
use super::{Context, RecipientKey};
use crate::crypto::CryptoBackend;
use crate::seal::{Mode, Policy, Recipients};
use crate::verify::Limits;
use std::sync::Arc;

/// What was found for each recipient. It leads to sealing in one of three ways, and certificates leave it in no other.
///
/// ```
/// # use postseal_testkit::MemoryStore;
/// use postseal::{Address, Engine, UnixTime, drive, resolve::{Context, Outcome}, verify::TrustAnchors};
/// let engine = Engine::new(TrustAnchors::default());
/// let context = Context::new(UnixTime::from_seconds(0), std::sync::Arc::new(()));
/// let resolve = engine.resolve(vec![Address::parse("alice@goal.example")?], Vec::new(), context)?;
/// let store = MemoryStore::new();
/// let resolution = drive::run(resolve, &drive::Lookup::new(&store), &(), &|| false)?;
/// assert_eq!(resolution.reports().map(|report| report.outcome).collect::<Vec<_>>(), [Outcome::NotFound]);
/// let unsealed = resolution.complete().unwrap_err();
/// assert_eq!(unsealed.recipients.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// There are no recipients without saying what becomes of those who are left out:
///
/// ```compile_fail,E0599
/// fn all_that_there_are(resolution: postseal::resolve::Resolution) -> postseal::seal::Recipients {
///     resolution.recipients()
/// }
/// ```
/// ```
/// use postseal::{resolve::{Resolution, Unsealed}, seal::Recipients};
/// fn all_or_nothing(resolution: Resolution) -> Result<Recipients, Unsealed> {
///     resolution.complete()
/// }
/// # let _ = all_or_nothing;
/// ```
#[derive(Debug)]
pub struct Resolution {
    recipients: Vec<Recipient>,
    policy: Policy,
    context: Context,
    limits: Limits,
    crypto: Arc<dyn CryptoBackend>,
}

/// One recipient with what was found.
#[derive(Debug)]
pub(crate) struct Recipient {
    pub(crate) report: RecipientReport,
    pub(crate) keys: Vec<RecipientKey>,
}

/// What a route's [`Mode`] makes of a resolution.
#[derive(Debug)]
#[non_exhaustive]
pub struct Plan {
    /// Those who get an encrypted message, if anybody does.
    pub recipients: Option<Recipients>,
    /// Those who do not.
    pub left_out: Vec<RecipientReport>,
    /// Whether the route lets the host send plaintext to those who are left out, as far as
    /// [`RecipientReport::may_get_plaintext`] says so of each: in [`Mode::Never`] and [`Mode::IfPossible`]. For whom nobody
    /// answered, try again.
    pub plaintext_allowed: bool,
}

impl Resolution {
    pub(super) const fn new(
        recipients: Vec<Recipient>,
        policy: Policy,
        context: Context,
        limits: Limits,
        crypto: Arc<dyn CryptoBackend>,
    ) -> Self {
        Self { recipients, policy, context, limits, crypto }
    }

    /// One report for each recipient, in the order in which the host named them, the visible ones first.
    ///
    /// ```
    /// use postseal::resolve::{Outcome, Resolution};
    /// fn all_found(resolution: &Resolution) -> bool {
    ///     resolution.reports().all(|report| report.outcome == Outcome::Found)
    /// }
    /// # let _ = all_found;
    /// ```
    pub fn reports(&self) -> impl Iterator<Item = &RecipientReport> {
        self.recipients.iter().map(|recipient| &recipient.report)
    }

    /// The policy that was resolved under, and that sealing follows.
    ///
    /// ```
    /// fn strict(resolution: &postseal::resolve::Resolution) -> bool { resolution.policy().require_aead }
    /// # let _ = strict;
    /// ```
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Everybody.
    ///
    /// # Errors
    /// [`Unsealed`] names whoever cannot be reached.
    ///
    /// ```
    /// use postseal::{resolve::{Resolution, Unsealed}, seal::Recipients};
    /// fn all(resolution: Resolution) -> Result<Recipients, Unsealed> { resolution.complete() }
    /// # let _ = all;
    /// ```
    pub fn complete(self) -> Result<Recipients, Unsealed> {
        let (recipients, left_out) = self.split();
        match recipients {
            Some(recipients) if left_out.is_empty() => Ok(recipients),
            _ => Err(Unsealed::because_of(left_out)),
        }
    }

    /// Those who can be reached, and by name those who are left out. Nobody is left out because he reads another content
    /// encryption than the others: there is a message of its own for him.
    ///
    /// ```
    /// use postseal::resolve::Resolution;
    /// fn how_many_left_out(resolution: Resolution) -> usize { resolution.split().1.len() }
    /// # let _ = how_many_left_out;
    /// ```
    pub fn split(self) -> (Option<Recipients>, Vec<RecipientReport>) {
        let is_found = |recipient: &Recipient| recipient.report.outcome == Outcome::Found;
        let (found, left_out): (Vec<_>, Vec<_>) = self.recipients.into_iter().partition(is_found);
        let left_out = left_out.into_iter().map(|recipient| recipient.report).collect();
        let groups = groups(found, &self.policy, &self.limits);
        let recipients =
            (!groups.is_empty()).then(|| Recipients::new(groups, self.policy, self.context, self.limits, self.crypto));
        (recipients, left_out)
    }

    /// What the policy's [`Mode`] makes of it.
    ///
    /// # Errors
    /// [`Unsealed`] names whoever cannot be reached, in [`Mode::AllOrNothing`] when that is anybody, and in
    /// [`Mode::OnlyEncrypted`] when that is everybody.
    ///
    /// ```
    /// use postseal::resolve::{Plan, Resolution, Unsealed};
    /// fn by_policy(resolution: Resolution) -> Result<Plan, Unsealed> { resolution.plan() }
    /// # let _ = by_policy;
    /// ```
    pub fn plan(self) -> Result<Plan, Unsealed> {
        let mode = self.policy.mode;
        let (recipients, left_out) = self.split();
        let fails = match mode {
            Mode::AllOrNothing => !left_out.is_empty(),
            Mode::OnlyEncrypted => recipients.is_none(),
            Mode::Never | Mode::IfPossible => false,
        };
        if fails {
            return Err(Unsealed::because_of(left_out));
        }
        let plaintext_allowed = matches!(mode, Mode::Never | Mode::IfPossible);
        Ok(Plan { recipients, left_out, plaintext_allowed })
    }
}

/// Who is in one message: all visible recipients, if there is a content encryption that all of them read. Else those who read
/// what most of them read, and then those who are left in the same way. Each hidden one is by himself.
fn groups(found: Vec<Recipient>, policy: &Policy, limits: &Limits) -> Vec<Vec<Recipient>> {
    let (hidden, mut rest): (Vec<_>, Vec<_>) = found.into_iter().partition(|recipient| recipient.report.hidden);
    let mut groups = Vec::new();
    while !rest.is_empty() {
        let keys = |recipient: &Recipient| recipient.keys.iter().map(|key| key.capabilities.clone()).collect();
        let named: Vec<Vec<_>> = rest.iter().map(keys).collect();
        let borrowed: Vec<Vec<_>> = named.iter().map(|keys| keys.iter().map(Option::as_ref).collect()).collect();
        let is_common = policy.content_encryption(borrowed.iter().flatten().copied(), limits).is_ok();
        let mut reads = if is_common { Vec::new() } else { policy.majority(&borrowed, limits) }.into_iter();
        // Each reads something that is allowed, or he would not be here: the others become fewer with every round.
        let (together, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|_| reads.next() != Some(false));
        if together.is_empty() {
            groups.push(others);
            break;
        }
        groups.push(together);
        rest = others;
    }
    groups.extend(hidden.into_iter().map(|recipient| vec![recipient]));
    groups
}

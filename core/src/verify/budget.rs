use super::Limits;
use crate::error::{Code, Error};

/// The work that is left for one search, over all candidates together, or for all the searches that one mail causes.
#[derive(Debug)]
pub(crate) struct Budget {
    signatures: usize,
    steps: usize,
    comparisons: usize,
    policy_nodes: usize,
}

impl Budget {
    pub(crate) const fn new(limits: &Limits) -> Self {
        Self {
            signatures: limits.path_signatures,
            steps: limits.path_steps,
            comparisons: limits.name_comparisons,
            policy_nodes: limits.policy_nodes,
        }
    }

    /// One signature check of this cost (see `PublicKey::cost`).
    pub(crate) fn spend_signature(&mut self, cost: usize) -> Result<(), Error> {
        spend(&mut self.signatures, cost, Code::SignatureBudget)
    }

    pub(crate) fn spend_step(&mut self) -> Result<(), Error> {
        spend(&mut self.steps, 1, Code::BuildBudget)
    }

    /// One comparison of names that are this long together. Long names count more often, or a few of them would cost
    /// what a million usual ones do.
    pub(crate) fn spend_comparison(&mut self, octets: usize) -> Result<(), Error> {
        let amount = octets.div_euclid(USUAL_NAMES).saturating_add(1);
        spend(&mut self.comparisons, amount, Code::NameBudget)
    }

    /// So many nodes and edges of a policy graph.
    pub(crate) fn spend_policies(&mut self, amount: usize) -> Result<(), Error> {
        spend(&mut self.policy_nodes, amount, Code::PolicyBudget)
    }
}

/// Whether an error says that the work is done that may be done; others of the same search then fail as well.
pub(crate) fn is_spent(error: Error) -> bool {
    matches!(error.code(), Code::SignatureBudget | Code::BuildBudget | Code::NameBudget | Code::PolicyBudget)
}

/// Octets of two usual names: below this a comparison is one comparison.
const USUAL_NAMES: usize = 64;

fn spend(left: &mut usize, amount: usize, code: Code) -> Result<(), Error> {
    *left = left.checked_sub(amount).ok_or_else(|| Error::from(code))?;
    Ok(())
}

use super::Limits;
use crate::error::{Code, Error};

/// The work that is left for one search, over all candidates together.
#[derive(Debug)]
pub(super) struct Budget {
    signatures: usize,
    steps: usize,
    comparisons: usize,
}

impl Budget {
    pub(super) const fn new(limits: &Limits) -> Self {
        Self { signatures: limits.path_signatures, steps: limits.path_steps, comparisons: limits.name_comparisons }
    }

    pub(super) fn spend_signature(&mut self) -> Result<(), Error> {
        spend(&mut self.signatures, Code::SignatureBudget)
    }

    pub(super) fn spend_step(&mut self) -> Result<(), Error> {
        spend(&mut self.steps, Code::BuildBudget)
    }

    pub(super) fn spend_comparison(&mut self) -> Result<(), Error> {
        spend(&mut self.comparisons, Code::NameBudget)
    }
}

fn spend(left: &mut usize, code: Code) -> Result<(), Error> {
    *left = left.checked_sub(1).ok_or_else(|| Error::from(code))?;
    Ok(())
}

//! The binding of a Mini Program to an enterprise of WeCom.

use protocol::Errcode;

use crate::Corpid;
use crate::account::Principal;

/// Fails if the Mini Program belongs to a person.
///
/// # Errors
/// `WecomForbidden`.
pub fn must_be_enterprise(principal: Principal) -> Result<(), Errcode> {
    if principal == Principal::Enterprise { Ok(()) } else { Err(Errcode::WecomForbidden) }
}

/// Fails if the Mini Program is bound to an enterprise already.
///
/// # Errors
/// `WecomBound`.
pub fn bind(bound: Option<&Corpid>) -> Result<(), Errcode> {
    if bound.is_none() { Ok(()) } else { Err(Errcode::WecomBound) }
}

/// Fails unless the Mini Program is bound to the enterprise `asked`.
///
/// # Errors
/// `WecomUnbound`, `OtherCorpid`.
pub fn unbind(bound: Option<&Corpid>, asked: &Corpid) -> Result<(), Errcode> {
    match bound {
        None => Err(Errcode::WecomUnbound),
        Some(bound) if bound != asked => Err(Errcode::OtherCorpid),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{bind, must_be_enterprise, unbind};
    use crate::Corpid;
    use crate::account::Principal;
    use protocol::Errcode;

    #[test]
    fn a_mini_program_is_bound_to_one_enterprise_at_a_time() {
        let (one, other) = (Corpid::stored("ww1".into()), Corpid::stored("ww2".into()));
        assert_eq!((bind(None), bind(Some(&one))), (Ok(()), Err(Errcode::WecomBound)));
        assert_eq!(unbind(Some(&one), &one), Ok(()));
        assert_eq!(unbind(Some(&one), &other), Err(Errcode::OtherCorpid));
        assert_eq!(unbind(None, &one), Err(Errcode::WecomUnbound));
    }

    #[test]
    fn a_persons_mini_program_cannot_be_bound() {
        assert_eq!(must_be_enterprise(Principal::Enterprise), Ok(()));
        assert_eq!(must_be_enterprise(Principal::Individual), Err(Errcode::WecomForbidden));
    }
}

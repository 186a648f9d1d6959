pub(crate) mod rsa_arithmetic;

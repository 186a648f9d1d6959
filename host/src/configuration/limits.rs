use postseal::verify::Limits;
use serde::Deserialize;

macro_rules! limits {
    ($($field:ident)*) => {
        /// Limits, as far as they differ from the defaults.
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct LimitsConfig { $($field: Option<usize>,)* }

        impl LimitsConfig {
            pub(super) fn limits(&self) -> Limits {
                let mut limits = Limits::default();
                $(limits.$field = self.$field.unwrap_or(limits.$field);)*
                limits
            }
        }

        #[cfg(test)]
        const FIELDS: &[&str] = &[$(stringify!($field),)*];
    };
}

limits! {
    message_bytes header_bytes header_field_bytes header_fields mime_depth mime_parts comment_depth asn1_depth asn1_elements
    octet_string_segments cms_bytes certificates certificate_bytes extensions names attributes attribute_bytes crl_bytes
    ocsp_bytes revocation_sources revocation_cache_bytes known_signatures rsa_bits_min rsa_bits_max path_depth
    path_signatures path_steps name_comparisons policies policy_nodes recipients candidates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_can_be_set() {
        let shown = format!("{:?}", Limits::default());
        let names: Vec<&str> = shown.split([' ', '{', '}', ',']).filter_map(|word| word.strip_suffix(':')).collect();
        assert_eq!(names, FIELDS);
        let all: String = FIELDS.iter().map(|field| format!("{field} = 7\n")).collect();
        let limits = toml::from_str::<LimitsConfig>(&all).unwrap().limits();
        assert_eq!(format!("{limits:?}").matches(": 7").count(), FIELDS.len());
    }

    #[test]
    fn what_is_not_said_is_the_default() {
        assert_eq!(LimitsConfig::default().limits(), Limits::default());
        assert!(toml::from_str::<LimitsConfig>("mails = 7").is_err());
    }
}

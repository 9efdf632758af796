//! The key by which tokens are signed, and the certificates by which a registry trusts it.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};

use super::{ISSUER, SERVICE};

/// Signs tokens by ES256, with the certificate of its key in each (`x5c`, RFC 7515 section 4.1.6).
pub struct Issuer {
    key: EcdsaKeyPair,
    certificate: Vec<u8>,
    root: String,
}

impl Issuer {
    pub fn new() -> Self {
        let named = |name: &str| {
            let mut parameters = CertificateParams::default();
            parameters.distinguished_name.push(DnType::CommonName, name);
            parameters
        };
        let root_key = KeyPair::generate().unwrap();
        let mut root = named("root of the tokens of a test");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = root.self_signed(&root_key).unwrap().pem();
        let signer = rcgen::Issuer::new(root, root_key);
        let key = KeyPair::generate().unwrap();
        let certificate = named("tokens of a test").signed_by(&key, &signer).unwrap();
        let signing = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &key.serialize_der(),
            &SystemRandom::new(),
        );
        Self { key: signing.unwrap(), certificate: certificate.der().to_vec(), root: pem }
    }

    /// The certificate that a registry is given to trust, as PEM.
    pub fn root(&self) -> String {
        self.root.clone()
    }

    /// A token for somebody (empty for anybody) that opens what `access` says, for so many seconds from now: fewer than
    /// none make a token that has ended. Each has a number of its own.
    pub fn token(&self, subject: &str, access: &Value, seconds: i64, number: usize) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let now = i64::try_from(now).unwrap();
        let from = now.min(now + seconds) - 1;
        let header = json!({
            "typ": "JWT", "alg": "ES256", "x5c": [BASE64_STANDARD.encode(&self.certificate)],
        });
        let claims = json!({
            "iss": ISSUER, "sub": subject, "aud": SERVICE, "exp": now + seconds, "nbf": from,
            "iat": from, "jti": format!("of-the-test-{number}"), "access": access,
        });
        let encoded = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encoded(&header), encoded(&claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

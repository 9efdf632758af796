//! The forms of tokens, one line for each.

use super::{Check, Shape};
use crate::domain::event::Level;
use crate::domain::secrets::text::Class;

/// `least..=most` characters behind the prefix, and an error.
const fn shape(
    name: &'static str,
    prefix: &'static str,
    class: Class,
    length: (usize, usize),
) -> Shape {
    Shape { name, prefix, class, length, check: Check::Form, level: Level::Error }
}

const fn checked(shape: Shape, check: Check) -> Shape {
    Shape { check, ..shape }
}

const fn notice(shape: Shape) -> Shape {
    Shape { level: Level::Notice, ..shape }
}

const GITHUB: &str = "a GitHub token";

/// All forms.
pub(in super::super) static SHAPES: &[Shape] = &[
    checked(shape(GITHUB, "ghp_", Class::Alnum, (36, 36)), Check::Checksum),
    checked(shape(GITHUB, "gho_", Class::Alnum, (36, 36)), Check::Checksum),
    checked(shape(GITHUB, "ghu_", Class::Alnum, (36, 36)), Check::Checksum),
    checked(shape(GITHUB, "ghs_", Class::Alnum, (36, 36)), Check::Checksum),
    checked(shape(GITHUB, "ghr_", Class::Alnum, (36, 36)), Check::Checksum),
    shape("a fine-grained GitHub token", "github_pat_", Class::Word, (82, 82)),
    checked(shape("a GitLab token", "glpat-", Class::Dotted, (20, 300)), Check::Digit),
    shape("a Docker Hub token", "dckr_pat_", Class::Url, (27, 36)),
    checked(shape("a Slack token", "xoxb-", Class::Url, (20, 250)), Check::Digit),
    checked(shape("a Slack token", "xoxp-", Class::Url, (20, 250)), Check::Digit),
    checked(shape("a Slack token", "xoxa-", Class::Url, (20, 250)), Check::Digit),
    checked(shape("a Slack token", "xoxr-", Class::Url, (20, 250)), Check::Digit),
    checked(shape("a Slack token", "xoxs-", Class::Url, (20, 250)), Check::Digit),
    checked(
        shape("a Slack webhook", "hooks.slack.com/services/", Class::Slashed, (30, 60)),
        Check::Webhook,
    ),
    checked(shape("a Stripe key", "sk_live_", Class::Alnum, (16, 247)), Check::Digit),
    checked(shape("a Stripe key", "rk_live_", Class::Alnum, (16, 247)), Check::Digit),
    notice(checked(
        shape("a Stripe key for tests", "sk_test_", Class::Alnum, (16, 247)),
        Check::Digit,
    )),
    checked(shape("a SendGrid key", "SG.", Class::Dotted, (66, 66)), Check::Dot(22)),
    shape("a Google API key", "AIza", Class::Url, (35, 35)),
    checked(shape("an npm token", "npm_", Class::Alnum, (36, 36)), Check::Checksum),
    shape("a PyPI token", "pypi-AgEI", Class::Url, (50, 500)),
    checked(shape("a Tailscale key", "tskey-", Class::Url, (20, 100)), Check::Digit),
    shape("an age key", "AGE-SECRET-KEY-1", Class::Upper, (58, 58)),
    checked(shape("an Anthropic key", "sk-ant-", Class::Url, (32, 200)), Check::Digit),
    shape("a Shopify token", "shpat_", Class::Hex, (32, 32)),
    shape("a Shopify token", "shpca_", Class::Hex, (32, 32)),
    shape("a Shopify token", "shppa_", Class::Hex, (32, 32)),
    shape("a Shopify token", "shpss_", Class::Hex, (32, 32)),
    shape("a DigitalOcean token", "dop_v1_", Class::Hex, (64, 64)),
    shape("a Hugging Face token", "hf_", Class::Alnum, (34, 40)),
    shape("a Databricks token", "dapi", Class::Hex, (32, 32)),
    shape("a Grafana token", "glsa_", Class::Word, (41, 41)),
    shape("a Grafana token", "glc_eyJ", Class::Base64, (32, 400)),
    checked(shape("a Vault token", "hvs.", Class::Url, (24, 300)), Check::Digit),
    checked(shape("a Linear key", "lin_api_", Class::Alnum, (40, 40)), Check::Digit),
    checked(shape("a New Relic key", "NRAK-", Class::Upper, (27, 27)), Check::Digit),
    checked(shape("a Doppler token", "dp.pt.", Class::Alnum, (40, 44)), Check::Digit),
    checked(shape("a Postman key", "PMAK-", Class::Url, (59, 59)), Check::Digit),
];

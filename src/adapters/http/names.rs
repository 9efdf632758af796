//! Names become addresses: by `/etc/hosts`, and by the name servers of `/etc/resolv.conf` and no others.
//!
//! reqwest's own use of hickory asks public name servers where the host names none. That would tell a stranger which
//! hosts a company deploys to, and answer wrongly for its inner names. Here it is an error.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The host's names, read at the first use.
#[derive(Clone, Default)]
pub(super) struct Names(Arc<OnceLock<Result<Source, String>>>);

/// Where names are looked up.
struct Source {
    /// Reads `/etc/hosts`, and asks the name servers.
    resolver: TokioResolver,
    /// Why there are no name servers; `None` if there are.
    no_servers: Option<String>,
}

impl Names {
    async fn look_up(&self, name: &str) -> Result<Vec<SocketAddr>, String> {
        let source = self.0.get_or_init(|| Source::new(TokioResolver::builder_tokio()));
        let source = source.as_ref().map_err(Clone::clone)?;
        match source.resolver.lookup_ip(name).await {
            Ok(found) => Ok(found.iter().map(|ip| SocketAddr::new(ip, 0)).collect()),
            Err(error) => Err(source.no_servers.as_ref().map_or_else(
                || format!("cannot look up `{name}`: {error}"),
                |why| {
                    format!(
                        "cannot look up `{name}`: it is not in /etc/hosts, and /etc/resolv.conf names \
                         no server to ask ({why})"
                    )
                },
            )),
        }
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let names = self.clone();
        Box::pin(async move {
            let found = names.look_up(name.as_str()).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

type Builder = hickory_resolver::ResolverBuilder<TokioRuntimeProvider>;

impl Source {
    fn new(host: Result<Builder, NetError>) -> Result<Self, String> {
        let (mut builder, no_servers) = match host {
            Ok(builder) => (builder, None),
            Err(error) => {
                let none = ResolverConfig::from_parts(None, Vec::new(), Vec::new());
                let provider = TokioRuntimeProvider::default();
                (TokioResolver::builder_with_config(none, provider), Some(error.to_string()))
            }
        };
        builder.options_mut().ip_strategy = LookupIpStrategy::Ipv6AndIpv4;
        let resolver = builder.build().map_err(|error| error.to_string())?;
        Ok(Self { resolver, no_servers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_name_servers_only_the_hosts_file_answers() {
        let names = Names::default();
        let source = Source::new(Err(NetError::from("no nameservers found in config")));
        assert!(names.0.set(source).is_ok());
        let why = names.look_up("service.example.invalid").await.unwrap_err();
        assert_eq!(
            why,
            "cannot look up `service.example.invalid`: it is not in /etc/hosts, and \
             /etc/resolv.conf names no server to ask (no nameservers found in config)"
        );
    }
}

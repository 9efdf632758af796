//! Debian's `docker-registry` (distribution 2.8), as a child of the test.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use crate::kit::owner;
use crate::kit::registry::tokens::{ISSUER, SERVICE, TokenServer};

/// The password that opens a registry of [`Distribution::htpasswd`].
pub const PASSWORD: &str = "the-password-of-the-test";

/// [`PASSWORD`] by bcrypt, which is the only form that the program takes: `htpasswd -nbB`, with a fixed salt.
const HASH: &str = "$2y$05$abcdefghijklmnopqrstuu9.aOV9LDkZSjYpQK3ZXBltcYHE.w3Ny";

/// How long the program may need until it listens.
const READY: Duration = Duration::from_secs(30);

/// Whether the program is here. Where it is not, the test fails, unless `MTA_TEST_DOCKER=absent` says that this
/// machine is known to have neither engine nor registry: then it says so in one line, and the test is to return.
pub fn installed() -> bool {
    if program().is_some() {
        return true;
    }
    let allowed = std::env::var("MTA_TEST_DOCKER").is_ok_and(|value| value == "absent");
    assert!(allowed, "no program docker-registry: run `scripts/setup registry`");
    println!("SKIPPED: no program docker-registry here (MTA_TEST_DOCKER=absent)");
    false
}

/// Where the program is: on the `PATH`, or where `scripts/setup registry` unpacks it (`scripts/lib/registry.sh`).
fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> =
        std::env::split_paths(&path).map(|folder| folder.join("docker-registry")).collect();
    let home = |name| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(name));
    let cache = std::env::var_os("MTA_CACHE").map(PathBuf::from).or_else(|| {
        let folder = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        Some(folder.or_else(|| home(".cache"))?.join("mta-actions"))
    });
    places.extend(cache.map(|c| c.join("debian/docker-registry/usr/bin/docker-registry")));
    places.into_iter().find(|place| place.is_file())
}

/// A running registry with a storage of its own. It is killed with the value, and by the kernel when the thread that
/// started it ends: start it from the test itself, not from `spawn_blocking`.
pub struct Distribution {
    child: Child,
    address: String,
    folder: TempDir,
}

impl Distribution {
    /// Everybody may do everything, also delete.
    pub async fn open() -> Self {
        Self::start("", true, Vec::new()).await
    }

    /// The same, in which nothing can be deleted (405), as the program comes.
    pub async fn without_delete() -> Self {
        Self::start("", false, Vec::new()).await
    }

    /// Opens to one user with [`PASSWORD`], by a `Basic` challenge.
    pub async fn htpasswd(user: &str) -> Self {
        let settings = "auth:\n  htpasswd: {realm: the-realm, path: FOLDER/htpasswd}\n";
        Self::start(settings, true, vec![("htpasswd", format!("{user}:{HASH}\n"))]).await
    }

    /// Opens to the tokens of a server, by a `Bearer` challenge that names it.
    pub async fn token(tokens: &TokenServer) -> Self {
        let settings = format!(
            "auth:\n  token:\n    realm: {}\n    service: {SERVICE}\n    issuer: {ISSUER}\n    \
             rootcertbundle: FOLDER/root.pem\n",
            tokens.realm()
        );
        Self::start(&settings, true, vec![("root.pem", tokens.root())]).await
    }

    /// Everybody may do everything, with TLS and a certificate of a private authority: the path of that as PEM.
    pub async fn tls() -> (Self, PathBuf) {
        let mut authority = CertificateParams::new(Vec::<String>::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let own_key = KeyPair::generate().unwrap();
        let root = authority.self_signed(&own_key).unwrap();
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let issuer = Issuer::new(authority, own_key);
        let leaf = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
        let files = vec![
            ("root.pem", root.pem()),
            ("leaf.pem", leaf.pem()),
            ("key.pem", key.serialize_pem()),
        ];
        let tls = ", tls: {certificate: FOLDER/leaf.pem, key: FOLDER/key.pem}";
        let registry = Self::begin(("", tls), true, files).await;
        let root = registry.folder.path().join("root.pem");
        (registry, root)
    }

    /// `http://127.0.0.1:1234`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `127.0.0.1:1234`, as it stands before the name of an image.
    pub fn host(&self) -> &str {
        &self.address
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What the program has said: every request, and why a token was not taken.
    pub fn log(&self) -> String {
        fs_err::read_to_string(self.folder.path().join("log")).unwrap()
    }

    async fn start(settings: &str, delete: bool, files: Vec<(&str, String)>) -> Self {
        Self::begin((settings, ""), delete, files).await
    }

    /// Settings at the top, and within `http`. `FOLDER` in them becomes the folder in which the files lie.
    async fn begin(
        (settings, http): (&str, &str),
        delete: bool,
        files: Vec<(&str, String)>,
    ) -> Self {
        let program = program().expect("no program docker-registry: run `scripts/setup registry`");
        // `scripts/sweep` removes what a killed test leaves by this name.
        let prefix = format!("{}-registry", owner::mark());
        let folder = tempfile::Builder::new().prefix(&prefix).tempdir().unwrap();
        let root = folder.path().display().to_string();
        for (name, text) in files {
            fs_err::write(folder.path().join(name), text).unwrap();
        }
        let (settings, http) = (settings.replace("FOLDER", &root), http.replace("FOLDER", &root));
        let configuration = format!(
            "version: 0.1\nlog: {{level: info}}\nstorage:\n  \
             filesystem: {{rootdirectory: {root}/images}}\n  delete: {{enabled: {delete}}}\n  \
             maintenance: {{uploadpurging: {{enabled: false}}}}\n\
             http: {{addr: \"127.0.0.1:0\", secret: of-the-test{http}}}\n{settings}"
        );
        fs_err::write(folder.path().join("config.yml"), configuration).unwrap();
        let log = fs_err::File::create(folder.path().join("log")).unwrap().into_file();
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL"])
            .arg(program)
            .arg("serve")
            .arg(folder.path().join("config.yml"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut registry = Self { child, address: String::new(), folder };
        registry.address = registry.listening().await;
        registry
    }

    /// The address that it says in its log: port 0 gave it a free one.
    async fn listening(&mut self) -> String {
        let began = Instant::now();
        loop {
            let log = self.log();
            let said = log.split_once("msg=\"listening on ").and_then(|(_, it)| it.split_once('"'));
            if let Some((address, _)) = said {
                return address.trim_end_matches(", tls").to_owned();
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && began.elapsed() < READY, "not listening: {ended:?}: {log}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Distribution {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

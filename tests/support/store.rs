//! Runs a test on SQLite and on PostgreSQL: a private cluster per test binary, a fresh database per test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use diemtin::private::Vault;
use diemtin::store::{Store, Target};

/// Runs `test` on each database. `BACKENDS=sqlite` leaves PostgreSQL out; otherwise its absence is a failure.
pub async fn on_both<F: AsyncFn(Store)>(test: F) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Target::Sqlite(folder.path().join("test.db")))
        .await
        .unwrap();
    test(store.clone()).await;
    store.close().await;
    if is_left_out() {
        return;
    }
    let store = open_postgres(&postgres_url(), folder.path()).await;
    test(store.clone()).await;
    store.close().await;
}

/// A store on PostgreSQL whose key for private persons' data lies in `folder`.
pub async fn open_postgres(url: &str, folder: &Path) -> Store {
    let store = Store::open(&Target::Postgres(url.to_owned().into())).await.unwrap();
    store.with_vault(Vault::at(&folder.join("private.key")))
}

/// Whether PostgreSQL is left out on request, which is said.
pub fn is_left_out() -> bool {
    let left_out = std::env::var("BACKENDS").is_ok_and(|b| b == "sqlite");
    if left_out {
        eprintln!("PostgreSQL left out: BACKENDS=sqlite");
    }
    left_out
}

/// The URL of a fresh, empty database.
pub fn postgres_url() -> String {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let cluster = CLUSTER.get_or_init(Cluster::start);
    let name = format!("t{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    cluster.run("createdb", &["-T", "template0", &name]);
    format!("postgres://postgres@127.0.0.1:{}/{name}", cluster.port)
}

/// A PostgreSQL that ends with this process: a shell holds its standard input and stops it when that closes.
struct Cluster {
    bin: PathBuf,
    port: u16,
    _keeper: Child,
}

impl Cluster {
    fn start() -> Self {
        let bin = find_bin();
        let folder = std::env::temp_dir().join(format!("diemtin-pg-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        if is_root() {
            assert!(
                Command::new("chown")
                    .arg("postgres")
                    .arg(&folder)
                    .status()
                    .unwrap()
                    .success()
            );
        }
        let data = folder.join("data");
        let (data, bin_text) = (data.display(), bin.display());
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let start = format!(
            "set -e; cd {0}; {bin_text}/initdb -D {data} -A trust -U postgres --no-sync -E UTF8 --locale=C.UTF-8 >/dev/null; \
             {bin_text}/pg_ctl -D {data} -w -l {0}/log -o \"-p {port} -c listen_addresses=127.0.0.1 -k {0} \
             -c fsync=off -c synchronous_commit=off -c max_connections=200\" start >/dev/null",
            folder.display()
        );
        assert!(
            shell(&start).status().unwrap().success(),
            "PostgreSQL did not start; see {}/log",
            folder.display()
        );
        let stop =
            format!("cat >/dev/null; {bin_text}/pg_ctl -D {data} -m immediate stop >/dev/null 2>&1; rm -rf {data}");
        let keeper = shell(&stop)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            bin,
            port,
            _keeper: keeper,
        }
    }

    fn run(&self, tool: &str, arguments: &[&str]) {
        let status = Command::new(self.bin.join(tool))
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "postgres"])
            .args(arguments)
            .status()
            .unwrap();
        assert!(status.success(), "{tool} {arguments:?} failed");
    }
}

/// A shell as a user whom PostgreSQL accepts: it refuses to run as root.
fn shell(script: &str) -> Command {
    let mut command;
    if is_root() {
        command = Command::new("su");
        command.args(["postgres", "-s", "/bin/sh", "-c", script]);
    } else {
        command = Command::new("sh");
        command.args(["-c", script]);
    }
    command
}

fn is_root() -> bool {
    String::from_utf8_lossy(&Command::new("id").arg("-u").output().unwrap().stdout).trim() == "0"
}

fn find_bin() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut bins: Vec<PathBuf> = versions
        .map(|v| v.path().join("bin"))
        .filter(|b| b.join("initdb").exists())
        .collect();
    bins.sort();
    let on_path = std::env::var_os("PATH")
        .and_then(|path| std::env::split_paths(&path).find(|folder: &PathBuf| Path::join(folder, "initdb").exists()));
    bins.pop()
        .or(on_path)
        .expect("PostgreSQL is not installed: apt-get install postgresql, or set BACKENDS=sqlite to leave it out")
}

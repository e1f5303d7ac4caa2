//! One file per subcommand. Results go to stdout, errors to stderr in one line that says what to do.
//!
//! Exit codes: 0 success, 1 the work found a failure it reports, 2 wrong usage or configuration.

mod backup;
mod check;
mod collect;
mod context;
mod demo;
mod digest;
mod erase;
mod eval;
mod identity;
mod import;
mod inspect;
mod ledger;
mod output;
mod run;
mod search;
mod stories;
mod train;
mod user;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// Why a command ends with an exit code other than 0.
#[derive(Debug)]
enum Failure {
    /// Wrong usage or configuration: exit 2.
    Usage(String),
    /// The work found a failure: exit 1.
    Work(String),
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure::Work(format!("{:#}", error.into()))
    }
}

type Outcome = Result<(), Failure>;

/// Điểm tin: giám sát báo chí và mạng xã hội về BHXH, BHYT, BHTN.
#[derive(Parser)]
#[command(name = "diemtin", version, about, max_term_width = 110)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args, Clone)]
struct Common {
    /// Folder of everything the service keeps [default: data, or what the configuration says]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Configuration file (TOML); without it every setting has its default
    #[arg(long, global = true, value_name = "FILE", env = "DIEMTIN_CONFIG")]
    config: Option<PathBuf>,
    /// How rows and results are printed
    #[arg(long, global = true, value_enum, default_value = "table")]
    format: output::Format,
}

#[derive(Subcommand)]
enum Command {
    /// Play the newsroom's day through the whole service: no network, no configuration
    #[command(after_help = "Example: diemtin demo --once --data /tmp/demo")]
    Demo(demo::Arguments),
    /// Run the service
    #[command(after_help = "Example: diemtin run --roles collect,analyse,deliver,web --config diemtin.toml")]
    Run(run::Arguments),
    /// One round of collecting and analysing
    #[command(after_help = "Example: diemtin collect --source vnexpress --source tuoitre")]
    Collect(collect::Arguments),
    /// Import items from CSV, TSV, XLSX, JSON, NDJSON (also .gz)
    #[command(after_help = "Example: diemtin import thang-11.xlsx --map reputa --dry-run")]
    Import(import::Arguments),
    /// Compose and freeze an edition; write .eml, .html, .txt, .docx
    #[command(after_help = "Example: diemtin digest --kind press --date 2026-11-20 --out editions/")]
    Digest(digest::Arguments),
    /// What collecting and analysing make of one input
    #[command(subcommand, after_help = "Example: diemtin inspect text < items.ndjson")]
    Inspect(inspect::What),
    /// Score a labelled file with the service
    #[command(after_help = "Example: diemtin eval eval/dev.jsonl --fold")]
    Eval(eval::Arguments),
    /// Stories over items in file order
    #[command(after_help = "Example: diemtin stories items.ndjson --gold story")]
    Stories(stories::Arguments),
    /// Validate sources/ and alerts/ and run the cases they carry
    #[command(after_help = "Example: diemtin check")]
    Check(check::Arguments),
    /// The demo's press and social network as a process of its own
    #[command(after_help = "Example: diemtin newsroom --listen 127.0.0.1:9000")]
    Newsroom(demo::NewsroomArguments),
    /// Query the archive
    #[command(after_help = "Example: diemtin search 'chu_de:luong_huu AND \"tăng 8%\"' --from 2026-11-01 --limit 50")]
    Search(search::Arguments),
    /// Rebuild the search index from the database
    #[command(after_help = "Example: diemtin reindex --data /var/lib/diemtin")]
    Reindex,
    /// Users, their roles, passwords and tokens
    #[command(subcommand, after_help = "Example: diemtin user add lan --role editor")]
    User(user::What),
    /// Copy database, evidence, outbox and inbox into one file, while the service runs
    #[command(after_help = "Example: diemtin backup diemtin-2026-11-20.tar.gz")]
    Backup(backup::Arguments),
    /// Bring back what `backup` wrote, into a new or empty data folder
    #[command(after_help = "Example: diemtin restore diemtin-2026-11-20.tar.gz --data data-moi")]
    Restore(backup::Arguments),
    /// What was and was not seen in a period
    #[command(after_help = "Example: diemtin ledger --from 2026-11-01 --to 2026-11-07")]
    Ledger(ledger::Arguments),
    /// Bring the database to the present schema
    #[command(after_help = "Example: diemtin migrate --data /var/lib/diemtin")]
    Migrate,
    /// Rebuild the models from corpus/, or train a classifier on any labelled NDJSON
    #[command(after_help = "Example: diemtin train reviews.jsonl --text text --label stars --out stars")]
    Train(train::Arguments),
    /// Run a stretch of time through the detectors (not available yet)
    Replay(NotYet),
    /// What a change of rules adds and drops over history (not available yet)
    Diff(NotYet),
    /// Prove an item or a day against the evidence (digests: not available yet)
    #[command(after_help = "Example: diemtin verify day 2026-11-19")]
    Verify(verify::Arguments),
    /// Indicators and official tables (not available yet)
    Report(NotYet),
    /// Erase an item and everything read of it, for a stated reason; the service must be stopped
    #[command(after_help = "Example: diemtin erase i-3f2a… --reason 'yêu cầu của chủ thể dữ liệu, CV 12/2026'")]
    Erase(erase::Arguments),
    /// Show what names the private person behind an item, for a stated reason that is written down first
    #[command(after_help = "Example: diemtin identity i-3f2a… --reason 'phối hợp xác minh, CV 12/2026'")]
    Identity(identity::Arguments),
}

/// Arguments of a command that a later version brings: taken and answered with exit 2.
#[derive(Args)]
struct NotYet {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _rest: Vec<String>,
}

/// Parses the arguments, runs the command, prints its failure.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    output::start_logging(matches!(cli.command, Command::Run(_) | Command::Newsroom(_)));
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return end(Err(Failure::Work(format!("cannot start: {error}")))),
    };
    end(runtime.block_on(dispatch(cli)))
}

fn end(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Work(message)) => {
            eprintln!("diemtin: {message}");
            ExitCode::from(1)
        }
        Err(Failure::Usage(message)) => {
            eprintln!("diemtin: {message}");
            ExitCode::from(2)
        }
    }
}

async fn dispatch(cli: Cli) -> Outcome {
    let common = cli.common;
    match cli.command {
        Command::Demo(arguments) => demo::demo(&common, arguments).await,
        Command::Newsroom(arguments) => demo::newsroom(arguments).await,
        Command::Run(arguments) => run::run(&common, arguments).await,
        Command::Collect(arguments) => collect::collect(&common, arguments).await,
        Command::Import(arguments) => import::import(&common, arguments).await,
        Command::Digest(arguments) => digest::digest(&common, arguments).await,
        Command::Inspect(what) => inspect::inspect(&common, what).await,
        Command::Eval(arguments) => eval::eval(&common, arguments),
        Command::Stories(arguments) => stories::stories(&common, arguments),
        Command::Check(arguments) => check::check(&common, arguments).await,
        // Opening the store brings its schema up to date.
        Command::Migrate => context::store(&context::config(&common)?).await.map(|_| ()),
        Command::Search(arguments) => search::search(&common, arguments).await,
        Command::Reindex => search::reindex(&common).await,
        Command::User(what) => user::user(&common, what).await,
        Command::Backup(arguments) => backup::backup(&common, arguments).await,
        Command::Restore(arguments) => backup::restore(&common, arguments).await,
        Command::Ledger(arguments) => ledger::ledger(&common, arguments).await,
        Command::Train(arguments) => train::train(&common, arguments),
        Command::Replay(_) => not_yet("replay"),
        Command::Diff(_) => not_yet("diff"),
        Command::Verify(arguments) => verify::verify(&common, arguments).await,
        Command::Report(_) => not_yet("report"),
        Command::Erase(arguments) => erase::erase(&common, arguments).await,
        Command::Identity(arguments) => identity::identity(&common, arguments).await,
    }
}

fn not_yet(command: &str) -> Outcome {
    Err(Failure::Usage(format!(
        "`{command}` is not available yet in this version; see CHANGELOG.md for what is"
    )))
}

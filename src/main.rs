//! The program: parses arguments, calls the library, maps the error to an exit code.

fn main() -> std::process::ExitCode {
    diemtin::cli::main()
}

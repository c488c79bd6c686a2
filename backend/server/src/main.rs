//! `ruhu`: API, app and command line in one binary.

fn main() -> std::process::ExitCode {
    actix_web::rt::System::new().block_on(ruhu_server::cli::run(std::env::args_os(), std::env::vars()))
}

// A command that talks to an echo server. Go makes a library of it, which exports what is in
// export_wasi_cli_run.
package main

import _ "bindings/wit_exports"

func main() {}

// A child process that stands for this one: same terminal, same signals, same end.
import { spawn } from 'node:child_process'

/** Runs a command until it ends, passing signals on. Resolves to `{ code, signal }`, one of them null. */
export function handOver(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options })
    const forward = (signal) => {
      // A terminal sends these two to the whole group, and a second Ctrl-C can mean "now, without finishing".
      if (signal !== 'SIGTERM' && process.stdin.isTTY) return
      child.kill(signal)
    }
    const signals = ['SIGTERM', 'SIGINT', 'SIGHUP']
    for (const signal of signals) process.on(signal, forward)
    const settle = (end) => {
      for (const signal of signals) process.off(signal, forward)
      resolve(end)
    }
    child.on('error', (error) => {
      process.stderr.write(`imageport: ${command} could not be started: ${error.message}\n`)
      settle({ code: 1, signal: null })
    })
    child.on('exit', (code, signal) => settle({ code, signal }))
  })
}

/** Ends this process the way the child did. */
export function leaveLike({ code, signal }) {
  if (signal) process.kill(process.pid, signal)
  else process.exitCode = code
}

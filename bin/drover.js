#!/usr/bin/env -S node --max-semi-space-size=32
// Written in old syntax on purpose: it must start under any Node, to say which one it needs.
'use strict';

var childProcess = require('child_process');
var fs = require('fs');
var path = require('path');

var neededMajor = 24;
/** As above: V8 by itself takes several times of this for new objects, and can be told only at its start. */
var lessMemory = '--max-semi-space-size=32';
var root = path.join(fs.realpathSync(__dirname), '..');

function majorOf(version) {
  return parseInt(version, 10);
}

/** A checkout runs its sources as they are, an installed package what was built from them. */
function start() {
  var source = path.join(root, 'src', 'cli', 'main.ts');
  if (!fs.existsSync(source)) {
    require(path.join(root, 'dist', 'cli', 'main.js')).main();
    return;
  }
  // Taking the types out of the sources costs more than all the rest of the start.
  require('module').enableCompileCache(path.join(root, 'node_modules', '.cache', 'drover'));
  require(source).main();
}

/** Becomes the checkout's own Node, as far as a process can: streams, signals and exit are passed on. */
function startUnder(node) {
  var child;
  // A terminal sends Ctrl-C to the child as well: passing it on would make one look like two.
  var atTerminal = Boolean(process.stdin.isTTY || process.stderr.isTTY);
  // Heard before there is a child: a signal must not end this process and leave the child alone.
  process.on('SIGINT', function () {
    if (!atTerminal) child.kill('SIGINT');
  });
  ['SIGTERM', 'SIGHUP'].forEach(function (signal) {
    process.on(signal, function () {
      child.kill(signal);
    });
  });
  child = childProcess.spawn(node, [lessMemory, __filename].concat(process.argv.slice(2)), {
    stdio: 'inherit',
  });
  child.on('error', function (error) {
    fail(node + ' does not start: ' + error.message);
  });
  child.on('exit', function (code, signal) {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function fail(message) {
  process.stderr.write('drover: ' + message + '\n');
  process.exit(1);
}

var pinned = path.join(root, 'node_modules', 'node', 'bin', 'node');
if (majorOf(process.versions.node) >= neededMajor) {
  start();
} else if (fs.existsSync(pinned) && process.env.DROVER_REEXEC !== '1') {
  process.env.DROVER_REEXEC = '1';
  startUnder(pinned);
} else {
  fail(
    'needs Node ' +
      neededMajor +
      ' or newer, and this is Node ' +
      process.versions.node +
      ' (' +
      process.execPath +
      ').\n' +
      '  Install Node ' +
      neededMajor +
      ', or run "npm ci" in ' +
      root +
      ': it brings one along.',
  );
}

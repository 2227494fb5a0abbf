// SPDX-License-Identifier: MIT
// What landfall-predict asks of WASI (preview 1), with files in memory: arguments, reading, writing, a clock, random bytes.

const SUCCESS = 0, EBADF = 8, EINVAL = 28, ENOENT = 44;
const REGULAR_FILE = 4, DIRECTORY = 3, CHARACTER_DEVICE = 2;
const FOLDERS = ["/"];  // opened beforehand, as 3; relative names begin there, too
const SEEK = { set: 0, cur: 1, end: 2 };
const RIGHTS = (1n << 30n) - 1n;

class Exit extends Error {
  /** @param {number} status */
  constructor(status) {
    super(`exit ${status}`);
    this.status = status;
  }
}

/**
 * @typedef {{bytes: Uint8Array, at: number}} OpenFile
 * @typedef {Map<string, Uint8Array>} Files
 */

/** One run of the program: its world until it exits. */
class World {
  /**
   * @param {string[]} argv
   * @param {Files} files by name, without a leading slash
   * @param {(stream: number, bytes: Uint8Array) => void} write
   * @param {(share: number) => void} reading how much of a file has been read, 0 to 1
   */
  constructor(argv, files, write, reading) {
    const encoder = new TextEncoder();
    this.argv = argv.map(word => encoder.encode(`${word}\0`));
    this.files = files;
    this.write = write;
    this.reading = reading;
    /** @type {Map<number, OpenFile>} */
    this.open = new Map([[0, { bytes: files.get("-") ?? new Uint8Array(0), at: 0 }]]);
    this.next = 3 + FOLDERS.length;
    /** @type {WebAssembly.Memory} */
    this.memory = new WebAssembly.Memory({ initial: 0 });
  }

  get view() {
    return new DataView(this.memory.buffer);
  }

  /** @param {number} at @param {number} length */
  bytes(at, length) {
    return new Uint8Array(this.memory.buffer, at, length);
  }

  /** @param {number} at @param {number} length */
  text(at, length) {
    return new TextDecoder().decode(this.bytes(at, length).slice());
  }

  /**
   * The list of buffers that readv and writev take.
   * @param {number} list @param {number} count
   */
  *buffers(list, count) {
    for (let i = 0; i < count; i++)
      yield this.bytes(this.view.getUint32(list + 8 * i, true), this.view.getUint32(list + 8 * i + 4, true));
  }

  /** @param {number} fd @param {number} list @param {number} count @param {number} done */
  readInto(fd, list, count, done) {
    const file = this.open.get(fd);
    let total = 0;

    if (!file)
      return EBADF;
    for (const buffer of this.buffers(list, count)) {
      const part = file.bytes.subarray(file.at, file.at + buffer.length);
      buffer.set(part);
      file.at += part.length;
      total += part.length;
    }
    this.view.setUint32(done, total, true);
    if (file.bytes.length)
      this.reading(file.at / file.bytes.length);
    return SUCCESS;
  }

  /** @param {number} fd @param {number} list @param {number} count @param {number} done */
  writeFrom(fd, list, count, done) {
    let total = 0;

    if (fd !== 1 && fd !== 2)
      return EBADF;
    for (const buffer of this.buffers(list, count)) {
      this.write(fd, buffer.slice());
      total += buffer.length;
    }
    this.view.setUint32(done, total, true);
    return SUCCESS;
  }

  /** @param {number} fd @param {bigint} offset @param {number} whence @param {number} out */
  seek(fd, offset, whence, out) {
    const file = this.open.get(fd);

    if (!file)
      return EBADF;
    const from = whence === SEEK.set ? 0 : whence === SEEK.cur ? file.at : file.bytes.length;
    if (from + Number(offset) < 0)
      return EINVAL;
    file.at = from + Number(offset);
    this.view.setBigUint64(out, BigInt(file.at), true);
    return SUCCESS;
  }

  /** @param {number} folder @param {number} at @param {number} length @param {number} out */
  openPath(folder, at, length, out) {
    const bytes = this.files.get(this.text(at, length).replace(/^\.\/+/, ""));

    if (!FOLDERS[folder - 3])
      return EBADF;
    if (!bytes)
      return ENOENT;
    this.open.set(this.next, { bytes, at: 0 });
    this.view.setUint32(out, this.next++, true);
    return SUCCESS;
  }

  /**
   * What kind of thing a descriptor is.
   * @param {number} fd @param {number} out
   */
  describe(fd, out) {
    const folder = FOLDERS[fd - 3] !== undefined;

    if (fd > 2 && !folder && !this.open.has(fd))
      return EBADF;
    this.bytes(out, 24).fill(0);
    this.view.setUint8(out, fd <= 2 ? CHARACTER_DEVICE : folder ? DIRECTORY : REGULAR_FILE);
    this.view.setBigUint64(out + 8, RIGHTS, true);
    this.view.setBigUint64(out + 16, RIGHTS, true);
    return SUCCESS;
  }

  /** @param {number} fd @param {number} out */
  folder(fd, out) {
    if (FOLDERS[fd - 3] === undefined)
      return EBADF;
    this.view.setUint32(out, 0, true);
    this.view.setUint32(out + 4, FOLDERS[fd - 3].length, true);
    return SUCCESS;
  }

  /** @param {number} fd @param {number} at @param {number} length */
  folderName(fd, at, length) {
    this.bytes(at, length).set(new TextEncoder().encode(FOLDERS[fd - 3]).subarray(0, length));
    return SUCCESS;
  }

  /** @param {number} pointers @param {number} at */
  putArguments(pointers, at) {
    for (const [i, word] of this.argv.entries()) {
      this.view.setUint32(pointers + 4 * i, at, true);
      this.bytes(at, word.length).set(word);
      at += word.length;
    }
    return SUCCESS;
  }

  /** @param {number} count @param {number} size */
  putArgumentSizes(count, size) {
    this.view.setUint32(count, this.argv.length, true);
    this.view.setUint32(size, this.argv.reduce((sum, word) => sum + word.length, 0), true);
    return SUCCESS;
  }

  /** The one link there is: where the program lies, so that it finds its machine descriptions.
   * @param {number} at @param {number} length @param {number} buffer @param {number} room @param {number} done */
  readLink(at, length, buffer, room, done) {
    const target = new TextEncoder().encode(PROGRAM).subarray(0, room);

    if (!this.text(at, length).endsWith("proc/self/exe"))
      return ENOENT;
    this.bytes(buffer, target.length).set(target);
    this.view.setUint32(done, target.length, true);
    return SUCCESS;
  }

  imports() {
    return {
      args_get: this.putArguments.bind(this),
      args_sizes_get: this.putArgumentSizes.bind(this),
      /** @param {number} _id @param {bigint} _precision @param {number} out */
      clock_time_get: (_id, _precision, out) => {
        this.view.setBigUint64(out, BigInt(Math.round(performance.now() * 1e6)), true);
        return SUCCESS;
      },
      /** @param {number} fd */
      fd_close: fd => this.open.delete(fd) || fd <= 2 ? SUCCESS : EBADF,
      fd_fdstat_get: this.describe.bind(this),
      fd_fdstat_set_flags: () => SUCCESS,
      fd_prestat_get: this.folder.bind(this),
      fd_prestat_dir_name: this.folderName.bind(this),
      fd_read: this.readInto.bind(this),
      fd_seek: this.seek.bind(this),
      fd_write: this.writeFrom.bind(this),
      /** @param {number} fd @param {number} _flags @param {number} at @param {number} length @param {number} _oflags
       * @param {bigint} _rights @param {bigint} _inherited @param {number} _fdflags @param {number} out */
      path_open: (fd, _flags, at, length, _oflags, _rights, _inherited, _fdflags, out) => this.openPath(fd, at, length, out),
      /** @param {number} _fd @param {number} at @param {number} length @param {number} buffer @param {number} room @param {number} done */
      path_readlink: (_fd, at, length, buffer, room, done) => this.readLink(at, length, buffer, room, done),
      /** @param {number} status */
      proc_exit: status => {
        throw new Exit(status);
      },
      /** @param {number} at @param {number} length */
      random_get: (at, length) => {
        crypto.getRandomValues(this.bytes(at, length));
        return SUCCESS;
      },
    };
  }
}

/** Below its folder's folder the program looks for tests/machines. */
const PROGRAM = "/build/landfall-predict";
export const MACHINES = "tests/machines/";

/**
 * The program, ready to be run any number of times. Fresh memory costs more than a small prediction, so that all runs
 * share it: before each, data and stack are put back as they were; the heap is made anew by the allocator.
 */
export class Program {
  /** @param {WebAssembly.Module} module */
  constructor(module) {
    /** @type {World} */
    this.world = new World([], new Map(), () => {}, () => {});
    const names = Object.keys(this.world.imports());
    /** @type {Record<string, (...words: any[]) => number>} */
    const imports = Object.fromEntries(names.map(name => [name, (...words) => this.calls[name](...words)]));
    const { exports } = new WebAssembly.Instance(module, { wasi_snapshot_preview1: imports });

    this.memory = /** @type {WebAssembly.Memory} */ (exports.memory);
    this.start = /** @type {() => void} */ (exports._start);
    this.stack = /** @type {WebAssembly.Global} */ (exports.__stack_pointer);
    this.top = this.stack.value;
    this.fresh = new Uint8Array(this.memory.buffer).slice(0, /** @type {WebAssembly.Global} */ (exports.__heap_base).value);
    /** @type {Record<string, (...words: any[]) => any>} */
    this.calls = {};
  }

  /**
   * Runs it once.
   * @param {string[]} argv without the program's name
   * @param {Files} files
   * @param {(stream: number, bytes: Uint8Array) => void} write what goes to 1 (output) and 2 (errors)
   * @param {(share: number) => void} [reading]
   * @returns {number} the exit status
   */
  run(argv, files, write, reading = () => {}) {
    this.world = new World(["landfall-predict", ...argv], files, write, reading);
    this.world.memory = this.memory;
    this.calls = this.world.imports();
    new Uint8Array(this.memory.buffer).set(this.fresh);
    this.stack.value = this.top;
    try {
      this.start();
    } catch (e) {
      if (e instanceof Exit)
        return e.status;
      throw e;
    }
    return 0;
  }
}

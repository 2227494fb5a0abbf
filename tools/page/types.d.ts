// SPDX-License-Identifier: MIT
// What TypeScript does not know: Debian's node-d3 comes without types, and is used in few chained calls; streams that browsers have.
declare module "d3-drag" {
  export function drag(): any;
}
declare module "d3-scale" {
  export function scaleLinear(): any;
}
declare module "d3-selection" {
  export const event: any;
  export function clientPoint(node: any, event: any): [number, number];
  export function select(node: any): any;
}
declare class CompressionStream {
  constructor(format: string);
  readonly readable: ReadableStream;
  readonly writable: WritableStream;
}
declare class DecompressionStream extends CompressionStream {}

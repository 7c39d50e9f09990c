/**
 * What software is made of: archives, initramfs images, container images, package repositories.
 * Streams in, names and digests of files out; nothing is ever extracted, and every size is bounded.
 * Files, sockets and threads belong to the caller.
 */
@NullMarked
package io.limestone.content;

import org.jspecify.annotations.NullMarked;

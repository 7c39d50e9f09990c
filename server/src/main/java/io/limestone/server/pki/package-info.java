/** The server's own small PKI, in a folder that Keylime's tools can use as {@code tls_dir}. */
@NullMarked
package io.limestone.server.pki;

import org.jspecify.annotations.NullMarked;

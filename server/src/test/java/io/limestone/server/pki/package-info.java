@NullMarked
package io.limestone.server.pki;

import org.jspecify.annotations.NullMarked;

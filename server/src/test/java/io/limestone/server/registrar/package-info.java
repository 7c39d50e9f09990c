@NullMarked
package io.limestone.server.registrar;

import org.jspecify.annotations.NullMarked;

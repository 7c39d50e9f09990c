@NullMarked
package io.limestone.keylime;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.limestone.appraisal;

import org.jspecify.annotations.NullMarked;

package io.limestone.cli.policy.create;

import io.limestone.content.DebIndex.Release;
import io.limestone.content.RepositoryKeys.Verdict;
import io.limestone.wire.MalformedException;
import java.time.Duration;
import java.time.Instant;

/** What follows from who signed a repository, and when: it counts, or the command ends. */
final class RepositorySignature {
  private RepositorySignature() {}

  /** Tells whose signature it is and how old, for an old repository may be one that is replayed. */
  static void require(Verdict verdict, String file, Repository repository, Progress progress) {
    switch (verdict) {
      case Verdict.By(String key, var at) ->
          progress.warn(
              repository
                  + " is signed by "
                  + key
                  + at.map(time -> ", at " + time + age(time, Instant.now())).orElse(""));
      case Verdict.Nobody(String why) ->
          throw new MalformedException(file + ": no signature that counts: " + why);
    }
  }

  /**
   * An old Release is as well signed as the newest one: who keeps it back keeps updates back.
   *
   * @throws MalformedException if its time is over, or has not come
   */
  static void requireFresh(
      Release release, Instant now, String folder, Repository repository, Progress progress) {
    if (release.validUntil().isPresent() && !release.validUntil().get().isAfter(now)) {
      throw new MalformedException(
          folder
              + "Release: was only to be believed until "
              + release.validUntil().get()
              + ": an old state of the repository");
    }
    if (release.date().isPresent() && release.date().get().isAfter(now.plus(Duration.ofDays(1)))) {
      throw new MalformedException(
          folder + "Release: is of the future, " + release.date().get() + "; is the clock right?");
    }
    if (release.validUntil().isEmpty()) {
      progress.warn(
          repository
              + release
                  .date()
                  .map(date -> ": its state is of " + date + age(date, now))
                  .orElse(": it does not say when it was made")
              + "; it does not say how long that is to be believed");
    }
  }

  private static String age(Instant then, Instant now) {
    long days = Duration.between(then, now).toDays();
    return days < 1 ? "" : " (" + days + (days == 1 ? " day ago)" : " days ago)");
  }
}

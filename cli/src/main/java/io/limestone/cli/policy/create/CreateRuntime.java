package io.limestone.cli.policy.create;

import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.content.ContainerImage;
import io.limestone.content.RepositoryKeys;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.VerificationKeys;
import io.limestone.policy.create.AlgorithmChoice;
import io.limestone.policy.create.AlgorithmChoice.Said;
import io.limestone.policy.create.ExcludeLines;
import io.limestone.policy.create.FlatAllowlist;
import io.limestone.policy.create.ImaKeyFile;
import io.limestone.policy.create.MeasuredFiles;
import io.limestone.policy.create.PolicyDraft;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * {@code limestone policy create runtime}: the options, the order of the steps and the result are
 * those of {@code keylime-policy create runtime} (runtime-policy §4.1), with more sources.
 */
final class CreateRuntime {
  private static final String KERNEL_LIST = "/sys/kernel/security/ima/ascii_runtime_measurements";
  private static final Path NO_LIST = Path.of("/dev/null");
  private static final String BOOT_AGGREGATE = "boot_aggregate";
  private static final DateTimeFormatter TIMESTAMP =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS");

  private static final Option OUT =
      Option.value("--output", "FILE", "Where to write the policy (default: standard output)")
          .or("-o");
  private static final Option BASE =
      Option.value("--base-policy", "FILE", "Start from this policy and add to it").or("-p");
  private static final Option ALLOWLIST =
      Option.value("--allowlist", "FILE", "Lines of digest and path, as sha256sum writes them")
          .or("-a");
  private static final Option EXCLUDES =
      Option.value("--excludelist", "FILE", "Regular expressions of names to exclude, one a line")
          .or("-e");
  private static final Option LIST =
      Option.value(
              "--ima-measurement-list",
              "FILE",
              "An IMA list, ASCII or binary; without a value this machine's own")
          .or("-m")
          .orAlone(KERNEL_LIST);
  private static final Option KEYRINGS =
      Option.flag("--keyrings", "Take the keys that the list measured into keyrings").or("-k");
  private static final Option BUFFERS =
      Option.flag("--ima-buf", "Take the other buffers that the list measured").or("-b");
  private static final Option IGNORED =
      Option.values("--ignored-keyrings", "NAME", "A keyring whose keys nobody checks");
  private static final Option KEY =
      Option.values(
          "--add-ima-signature-verification-key",
          "FILE",
          "A key that signs files: certificate, public or private key, PEM or DER");
  private static final Option ROOT_FS =
      Option.value("--rootfs", "DIR", "Hash the files of this root file system");
  private static final Option SKIP =
      Option.value("--skip-path", "DIR,DIR", "Directories of it to leave out").or("-s");
  private static final Option ALL_OWNERS =
      Option.flag("--all-owners", "Take files of every owner, not only of root");
  private static final Option RAMDISK =
      Option.value("--ramdisk-dir", "DIR", "Read the initrds in this directory, such as /boot");
  private static final Option ALGO =
      Option.value("--algo", "ALG", "Of the digests: sha1, sha256, sha384, sha512 or sm3_256");
  private static final Option IMAGE =
      Option.values("--image", "FILE|DIR", "A container image: OCI layout, or docker-save file");
  private static final Option PLATFORM =
      Option.value("--platform", "OS/ARCH", "Which one of an image for several platforms");
  private static final Option IMAGE_NAME =
      Option.value("--image-name", "TAG", "Which one where several images are stored together");
  private static final Option LOCAL_RPM =
      Option.value("--local-rpm-repo", "DIR", "The packages of an RPM repository in a directory");
  private static final Option REMOTE_RPM =
      Option.value("--remote-rpm-repo", "URL", "The packages of an RPM repository at an address");
  private static final Option WORKERS =
      Option.value("--max-workers", "N", "Packages fetched side by side (default 8)");
  private static final Option SIGNED =
      Option.flag(
          "--rely-on-ima-signatures",
          "Leave out files of RPM packages that a verification key signed: the key speaks for"
              + " them");
  private static final Option DEB =
      Option.values(
          "--deb-repo",
          "SOURCE",
          "A Debian repository: \"URL|DIR SUITE COMPONENT...\" or \"URL|DIR ./\"");
  private static final Option DEB_ARCH =
      Option.value("--deb-arch", "ARCH", "Debian's word for the architecture (default amd64)");
  private static final Option SPLIT_USR =
      Option.flag("--split-usr", "/bin and /lib are no links to /usr there, as before Debian 12");
  private static final Option DPKG =
      Option.value("--dpkg", "DIR", "Hash the files that dpkg installed below this root");
  private static final Option REPO_KEY =
      Option.values(
          "--repo-key",
          "FILE",
          "Who must have signed a repository: OpenPGP, or PEM elliptic curve");
  private static final Option PACKAGE_KEY =
      Option.values("--package-key", "FILE", "Who must have signed each RPM package: OpenPGP");
  private static final List<Option> HASHED = List.of(ROOT_FS, RAMDISK, IMAGE, DEB, DPKG);
  private static final List<Option> REPOSITORIES = List.of(LOCAL_RPM, REMOTE_RPM, DEB, DPKG);
  private static final Option LEGACY =
      Option.flag("--show-legacy-allowlist", "Print lines of digest and path instead of a policy");
  private static final Option VERBOSE =
      Option.flag("--verbose", "Tell what is done, on standard error").or("-v");

  private final Arguments arguments;
  private final Output output;
  private final Progress progress;
  private final SortedSet<String> unnamed = new TreeSet<>();

  private CreateRuntime(Arguments arguments, Output output) {
    this.arguments = arguments;
    this.output = output;
    this.progress = new Progress(output, arguments.has(VERBOSE));
  }

  static Command.Leaf command() {
    return Command.Leaf.of(
            "runtime",
            "Makes a runtime policy: what a machine may run.",
            (arguments, output) -> new CreateRuntime(arguments, output).run())
        .options(
            OUT,
            BASE,
            ALLOWLIST,
            EXCLUDES,
            LIST,
            KEYRINGS,
            BUFFERS,
            IGNORED,
            KEY,
            ROOT_FS,
            SKIP,
            ALL_OWNERS,
            RAMDISK,
            IMAGE,
            PLATFORM,
            IMAGE_NAME,
            LOCAL_RPM,
            REMOTE_RPM,
            WORKERS,
            SIGNED,
            DEB,
            DEB_ARCH,
            SPLIT_USR,
            DPKG,
            REPO_KEY,
            PACKAGE_KEY,
            ALGO,
            LEGACY,
            VERBOSE)
        .text(
            """
            Options and result are those of `keylime-policy create runtime`: scripts go on working with the other name.
            Sources add up. It needs no root; files that it may not read are told on standard error. Archives and images
            are read in memory and never unpacked. docs/policy-create.md tells each source and rule.

            Examples:
              limestone policy create runtime -m /path/to/ascii_runtime_measurements -o policy.json
              limestone policy create runtime --rootfs / --ramdisk-dir /boot -e excludes.txt -o policy.json
              limestone policy create runtime --remote-rpm-repo https://repo.example.org/ --repo-key key.asc
              limestone policy create runtime --image app.tar -p base-policy.json -o policy.json
            """);
  }

  private int run() throws IOException, InterruptedException {
    PolicyDraft draft = base();
    FlatAllowlist allowlist =
        file(ALLOWLIST, FlatAllowlist::parse).orElse(new FlatAllowlist(List.of(), 0));
    Optional<MeasuredFiles> measured = measured();
    HashAlg alg = algorithm(draft, allowlist, measured);
    allowlist.lines().forEach(line -> draft.allow(line.path(), line.digest()));
    measured.ifPresent(
        list -> list.files().forEach(file -> draft.allow(file.name(), file.digest())));
    for (Path key : arguments.paths(KEY)) {
      draft.trust(parse(key, Files.readAllBytes(key), ImaKeyFile::parse));
    }
    readFileSystems(draft, alg);
    readRepositories(draft, alg);
    file(EXCLUDES, ExcludeLines::parse).ifPresent(draft::exclude);
    draft.ignoreKeyrings(arguments.all(IGNORED));
    measured.ifPresent(list -> buffers(list, draft));
    tell(allowlist, measured);
    write(draft);
    return 0;
  }

  private PolicyDraft base() throws IOException {
    return file(BASE, PolicyDraft::of).orElseGet(PolicyDraft::new);
  }

  private Optional<MeasuredFiles> measured() throws IOException {
    Optional<Path> list = arguments.path(LIST).filter(path -> !path.equals(NO_LIST));
    return list.isEmpty() ? Optional.empty() : file(LIST, MeasuredFiles::parse);
  }

  private HashAlg algorithm(
      PolicyDraft base, FlatAllowlist allowlist, Optional<MeasuredFiles> measured) {
    if (arguments.has(ALGO) && HASHED.stream().noneMatch(arguments::has)) {
      progress.warn("--algo has no effect: no source is given whose files are hashed here");
    }
    HashAlg alg =
        new AlgorithmChoice()
            .take(
                "--algo option",
                arguments.get(ALGO).map(AlgorithmChoice::ofOption).orElse(new Said.Nothing()))
            .take("base policy", base.algorithm())
            .take("allowlist", allowlist.algorithm())
            .take(
                "IMA measurement list",
                measured.map(MeasuredFiles::algorithm).orElse(new Said.Nothing()))
            .result();
    progress.detail("digest algorithm: " + alg.keylimeName());
    return alg;
  }

  private void readFileSystems(PolicyDraft draft, HashAlg alg)
      throws IOException, InterruptedException {
    try (Workers workers = Workers.perCore()) {
      Optional<Path> root = arguments.path(ROOT_FS);
      if (root.isPresent()) {
        RootFileSystem.read(
            root.get(), skipped(), arguments.has(ALL_OWNERS), alg, progress, draft::allow);
      }
      Optional<Path> ramdisks = arguments.path(RAMDISK);
      if (ramdisks.isPresent()) {
        Initrds.read(
            ramdisks.get(),
            alg,
            workers,
            progress,
            (path, digest, owner) -> allow(draft, path, digest));
      }
      for (Path image : arguments.paths(IMAGE)) {
        ImageFiles.read(
            image,
            new ContainerImage.Choice(arguments.get(IMAGE_NAME), arguments.get(PLATFORM)),
            alg,
            workers,
            progress,
            (path, digest, owner) -> {
              if ((owner == 0 || arguments.has(ALL_OWNERS)) && !changes(path)) {
                allow(draft, path, digest);
              }
            });
      }
    }
    if (!unnamed.isEmpty()) {
      progress.warn(
          unnamed.size()
              + " names in initrds or images are not UTF-8, and their files not in the policy: "
              + unnamed.first()
              + (unnamed.size() > 1 ? " and others" : ""));
    }
  }

  /** A name that is not UTF-8 can't be in a policy; {@link io.limestone.content.Entry#path}. */
  private void allow(PolicyDraft draft, String path, Bytes digest) {
    if (path.indexOf('\uFFFD') < 0) {
      draft.allow(path, digest.hex());
    } else {
      unnamed.add(path);
    }
  }

  private void readRepositories(PolicyDraft draft, HashAlg alg)
      throws IOException, InterruptedException {
    if (REPOSITORIES.stream().noneMatch(arguments::has)) {
      return;
    }
    RepositoryKeys keys = keys(REPO_KEY);
    RepositoryKeys packageKeys = keys(PACKAGE_KEY);
    Optional<VerificationKeys> signers =
        arguments.has(SIGNED) ? Optional.of(draft.verificationKeys()) : Optional.empty();
    if (signers.isPresent() && signers.get().isEmpty()) {
      throw CommandFailed.unusable(SIGNED.name() + " needs " + KEY.name() + ": whose signatures?");
    }
    int workers = arguments.number(WORKERS, 1, 256).orElse(8);
    try (Workers fetching = new Workers(workers);
        Workers hashing = Workers.perCore()) {
      for (Option option : List.of(LOCAL_RPM, REMOTE_RPM)) {
        Optional<String> place = arguments.get(option);
        if (place.isPresent()) {
          RpmRepository.read(
              Repository.at(place.get()),
              keys,
              packageKeys,
              signers,
              fetching,
              progress,
              draft::allow);
        }
      }
      for (String source : arguments.all(DEB)) {
        DebRepository.read(
            source,
            arguments.get(DEB_ARCH).orElse("amd64"),
            arguments.has(SPLIT_USR),
            keys,
            alg,
            hashing,
            progress,
            draft::allow);
      }
      Optional<Path> dpkg = arguments.path(DPKG);
      if (dpkg.isPresent()) {
        DpkgDatabase.read(dpkg.get(), alg, hashing, progress, draft::allow);
      }
    }
  }

  private RepositoryKeys keys(Option option) throws IOException {
    RepositoryKeys keys = new RepositoryKeys();
    for (Path file : arguments.paths(option)) {
      var unused = parse(file, Files.readAllBytes(file), keys::add);
    }
    return keys;
  }

  /**
   * Whether a path of an image is in a directory that a scan of its file system would leave out.
   */
  private static boolean changes(String path) {
    return RootFileSystem.NEVER.stream().anyMatch(folder -> path.startsWith(folder + "/"));
  }

  private List<Path> skipped() {
    List<Path> folders = new ArrayList<>();
    for (String one : arguments.get(SKIP).orElse("").split(",", -1)) {
      if (!one.isEmpty()) {
        folders.add(Path.of(one));
      }
    }
    return folders;
  }

  private void buffers(MeasuredFiles list, PolicyDraft draft) {
    for (MeasuredFiles.Buffer buffer : list.buffers()) {
      if (buffer.key() && arguments.has(KEYRINGS)) {
        draft.allowKey(buffer.name(), buffer.digest());
      } else if (!buffer.key() && arguments.has(BUFFERS)) {
        draft.allowBuffer(buffer.name(), buffer.digest());
      }
    }
  }

  private void tell(FlatAllowlist allowlist, Optional<MeasuredFiles> measured) {
    if (allowlist.skipped() > 0) {
      progress.warn(allowlist.skipped() + " lines of the allow-list have no path: passed over");
    }
    measured.ifPresent(
        list -> {
          if (list.violations() > 0) {
            progress.warn(
                list.violations()
                    + " entries of the IMA list are violations, which have no digest: passed over");
          }
          if (list.unusable() > 0) {
            progress.warn(
                list.unusable()
                    + " lines of the IMA list are no entries that a policy can hold: passed over");
          }
        });
  }

  private void write(PolicyDraft draft) throws IOException {
    String text = draft.toText(TIMESTAMP.format(LocalDateTime.now(ZoneId.systemDefault())));
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    RuntimePolicy.parse(Bytes.of(bytes)); // as the verifier will
    if (arguments.has(LEGACY)) {
      bytes = legacy(draft).getBytes(StandardCharsets.UTF_8);
    }
    Optional<Path> file = arguments.path(OUT);
    if (file.isPresent()) {
      Files.write(file.get(), bytes);
    } else {
      output.out().print(new String(bytes, StandardCharsets.UTF_8));
    }
  }

  /** The boot aggregate first. */
  private static String legacy(PolicyDraft draft) {
    StringBuilder text = new StringBuilder();
    Map<String, List<String>> digests = draft.digests();
    lines(text, BOOT_AGGREGATE, digests.getOrDefault(BOOT_AGGREGATE, List.of()));
    digests.forEach(
        (name, some) -> {
          if (!name.equals(BOOT_AGGREGATE)) {
            lines(text, name, some);
          }
        });
    return text.toString();
  }

  private static void lines(StringBuilder text, String name, List<String> digests) {
    digests.forEach(digest -> text.append(digest).append("  ").append(name).append('\n'));
  }

  private interface Reader<T> {
    T read(byte[] file);
  }

  private <T> Optional<T> file(Option option, Reader<T> reader) throws IOException {
    Optional<Path> file = arguments.path(option);
    return file.isEmpty()
        ? Optional.empty()
        : Optional.of(parse(file.get(), Files.readAllBytes(file.get()), reader));
  }

  private static <T> T parse(Path file, byte[] bytes, Reader<T> reader) {
    try {
      return reader.read(bytes);
    } catch (MalformedException e) {
      throw e.in(file.toString());
    }
  }
}

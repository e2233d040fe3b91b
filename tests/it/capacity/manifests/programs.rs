//! What a deployment starts, taken out of its files and started here.

use obs::capacity::manifests::{Deployment, Target, emit};
use serde_json::Value;

use super::{composed, object, objects, unit};
use crate::support::{Obs, Process, TempDir};

/// A command line with the files and the environment that it is given.
#[derive(Debug)]
pub(super) struct Program {
    args: Vec<String>,
    files: Vec<(String, String)>,
    env: Vec<(String, String)>,
}

fn words(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

impl Program {
    /// One that is started so; `role` is agent, gateway or store, and does not matter in Compose.
    pub(super) fn of(target: Target, deployment: &Deployment, role: &str) -> Program {
        match target {
            Target::K8s => Program::of_pod(deployment, role),
            Target::Compose => Program::of_service(deployment),
            Target::Systemd => Program::of_unit(deployment, role),
        }
    }

    fn of_pod(deployment: &Deployment, role: &str) -> Program {
        let objects = objects(deployment);
        let name = format!("otlp-{role}");
        let kinds = ["Deployment", "DaemonSet", "StatefulSet"];
        let is_workload = |object: &&Value| kinds.iter().any(|kind| object["kind"] == *kind);
        let workload = objects.iter().filter(is_workload).find(|object| object["metadata"]["name"] == name);
        let container = &workload.unwrap()["spec"]["template"]["spec"]["containers"][0];
        let (command, args) = words(&container["command"]).split_first().map(own).unwrap();
        assert_eq!(command, "obs");
        let data = object(&objects, "ConfigMap", &name)["data"].as_object().unwrap();
        let mounted = container["volumeMounts"][0]["mountPath"].as_str().unwrap();
        let file =
            |(name, text): (&String, &Value)| (format!("{mounted}/{name}"), text.as_str().unwrap().into());
        Program { args, files: data.iter().map(file).collect(), env: Vec::new() }
    }

    fn of_service(deployment: &Deployment) -> Program {
        let system = composed(deployment);
        let service = &system["services"]["obs"];
        assert_eq!(words(&service["entrypoint"]), ["obs"]);
        let text = |value: &Value| value.as_str().unwrap().replace("$$", "$");
        let files = service["configs"].as_array().unwrap().iter().map(|config| {
            let content = &system["configs"][config["source"].as_str().unwrap()]["content"];
            (text(&config["target"]), text(content))
        });
        let env = service["environment"].as_object().unwrap();
        Program {
            args: words(&service["command"]),
            files: files.collect(),
            env: env.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        }
    }

    fn of_unit(deployment: &Deployment, role: &str) -> Program {
        let unit = unit(deployment, &format!("obs-{role}.service"));
        let values = |key: &str| -> Vec<String> {
            unit.lines().filter_map(|line| line.strip_prefix(&format!("{key}="))).map(str::to_owned).collect()
        };
        let command = values("ExecStart").remove(0);
        let args = command.strip_prefix("\"/usr/local/bin/obs\" ").expect(&command);
        let env = values("Environment");
        let env = env.iter().map(|pair| pair.split_once('=').unwrap());
        let files = emit(deployment, Target::Systemd);
        let files = files.into_iter().filter(|file| args.contains(&file.name));
        Program {
            args: args.split(' ').map(str::to_owned).collect(),
            files: files.map(|file| (file.name, file.text)).collect(),
            env: env.map(|(name, value)| (name.into(), value.into())).collect(),
        }
    }

    /// Other addresses and paths than those of the deployment; each is there.
    #[track_caller]
    pub(super) fn replace(mut self, from: &str, to: &str) -> Program {
        let texts = self.args.iter_mut();
        let texts = texts.chain(self.files.iter_mut().map(|(_, text)| text));
        let mut found = 0;
        for text in texts.chain(self.env.iter_mut().map(|(_, value)| value)) {
            found += text.matches(from).count();
            *text = text.replace(from, to);
        }
        assert!(found > 0, "no {from} in {self:#?}");
        self
    }

    /// Listens on free ports of this machine.
    pub(super) fn here(self) -> Program {
        let texts =
            self.files.iter().map(|(_, text)| text.as_str()).chain(self.args.iter().map(String::as_str));
        let words = texts.flat_map(str::split_whitespace);
        let addresses = words.filter(|word| word.starts_with("0.0.0.0:") || word.starts_with("127.0.0.1:"));
        let addresses: Vec<String> = addresses.map(str::to_owned).collect();
        assert_eq!(addresses.len(), 3, "gRPC, HTTP and health: {addresses:?}");
        addresses.iter().fold(self, |program, address| program.replace(address, "127.0.0.1:0"))
    }

    /// The pipeline.
    pub(super) fn pipeline(&self) -> &str {
        let found = self.files.iter().find(|(path, _)| path.ends_with(".obs"));
        &found.unwrap().1
    }

    /// The command line, with its files in `dir`.
    pub(super) fn command(&self, dir: &TempDir) -> Obs {
        let mut args = self.args.clone();
        for (path, text) in &self.files {
            let here = dir.write(path.rsplit('/').next().unwrap(), text);
            let named = args.iter_mut().filter(|arg| *arg == path);
            assert_eq!(named.map(|arg| *arg = here.clone()).count(), 1, "{path} in {:?}", self.args);
        }
        let command = args.iter().fold(Obs::new(dir, ""), |command, arg| command.arg(arg));
        self.env.iter().fold(command, |command, (name, value)| command.env(name, value))
    }

    /// Starts it, with log lines that tests read.
    pub(super) fn start(&self, dir: &TempDir) -> Process {
        self.command(dir).args("--log-format text").spawn()
    }
}

fn own((first, rest): (&String, &[String])) -> (String, Vec<String>) {
    (first.clone(), rest.to_vec())
}
